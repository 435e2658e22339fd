import { Module } from '@nestjs/common';
import { ArchiveLog, readLogNote } from '@torch/archive';
import { auditDecider } from '@torch/domain-audit';
import { TorchModule } from '@torch/platform';
import { ArchivedEntriesReader } from './adapters/archived-entries.adapter';
import { ARCHIVED } from './adapters/archived.port';
import { ChainKeeper } from './adapters/chain-keeper.adapter';
import { History } from './adapters/history.adapter';
import { LogArchived } from './adapters/log-archived.adapter';
import { restoreNewMachine, SegmentStore } from './adapters/segment-store.adapter';
import { ARCHIVE_FOLLOWER } from './adapters/segment-store.port';
import { AuditHandlers } from './api/audit.handlers';
import { HistoryHandlers } from './api/history.handlers';
import { AUDIT_CONFIG, readAuditConfig } from './audit.config';
import { GateKeeper } from './recovery/gate.keeper';
import { StateKeeper } from './recovery/state.keeper';
import { HISTORY_CONFIG, readHistoryConfig } from './history.config';
import { HotLog } from './adapters/hot-log.adapter';
import { Retention } from './adapters/retention.adapter';
import { RetentionHandlers } from './api/retention.handlers';
import { HOT_LOG_CONFIG, readHotLogConfig } from './hot-log.config';
import { readRetentionConfig, RETENTION_CONFIG } from './retention.config';
import { readStoreConfig, STORE_CONFIG } from './store.config';

@Module({
  imports: [
    TorchModule.forService({
      service: 'audit',
      decider: auditDecider,
      hooks: ChainKeeper,
      trimmed: ({ archiveDir }) => new ArchiveLog({ dir: archiveDir }),
      knownLog: async ({ archiveDir }) => {
        await restoreNewMachine(archiveDir, readStoreConfig(process.env));
        return readLogNote({ dir: archiveDir });
      },
    }),
  ],
  controllers: [AuditHandlers, RetentionHandlers, HistoryHandlers],
  providers: [
    ChainKeeper,
    GateKeeper,
    StateKeeper,
    { provide: ARCHIVED, useClass: LogArchived },
    { provide: ARCHIVE_FOLLOWER, useClass: SegmentStore },
    { provide: STORE_CONFIG, useFactory: () => readStoreConfig(process.env) },
    History,
    ArchivedEntriesReader,
    Retention,
    HotLog,
    { provide: HOT_LOG_CONFIG, useFactory: () => readHotLogConfig(process.env) },
    { provide: RETENTION_CONFIG, useFactory: () => readRetentionConfig(process.env) },
    { provide: HISTORY_CONFIG, useFactory: () => readHistoryConfig(process.env) },
    { provide: AUDIT_CONFIG, useFactory: () => readAuditConfig(process.env) },
  ],
})
export class AuditModule {}
