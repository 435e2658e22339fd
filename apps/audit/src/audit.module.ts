import { Module } from '@nestjs/common';
import { TorchModule } from '@torch/platform';
import { ChainKeeper } from './adapters/chain-keeper.adapter';
import { AuditHandlers } from './api/audit.handlers';
import { AUDIT_CONFIG, readAuditConfig } from './audit.config';
import { auditDecider } from './audit.decider';

@Module({
  imports: [TorchModule.forService({ service: 'audit', decider: auditDecider, hooks: ChainKeeper })],
  controllers: [AuditHandlers],
  providers: [ChainKeeper, { provide: AUDIT_CONFIG, useFactory: () => readAuditConfig(process.env) }],
})
export class AuditModule {}
