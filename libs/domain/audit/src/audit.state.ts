import type { SnapshotFormat } from '@torch/kernel';
import { emptyRetention, type RetentionState } from './retention.state';

/** A key of the notary as the log tells of it. */
export interface NotaryKeyState {
  readonly vkey: string;
  /** Epoch ms. */
  readonly sinceMs: number;
  /** Epoch ms; absent while checkpoints are signed with it. */
  readonly replacedAtMs?: number;
}

export interface AuditState {
  /** By `<name>+<id>`. More than one is in use where several instances keep archives of their own. */
  readonly keys: Readonly<Record<string, NotaryKeyState>>;
  readonly retention: RetentionState;
}

export const emptyAudit = (): AuditState => ({ keys: {}, retention: emptyRetention() });

export const auditSnapshot: SnapshotFormat<AuditState> = {
  version: 3,
  encode: ({ keys, retention }) => ({ keys: Object.fromEntries(Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1))), retention }),
  decode: (encoded) => encoded as AuditState,
};
