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
  readonly keys: Map<string, NotaryKeyState>;
  readonly retention: RetentionState;
}

export const emptyAudit = (): AuditState => ({ keys: new Map(), retention: emptyRetention() });
