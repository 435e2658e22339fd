import type { SubjectKeyRef } from '@torch/contracts';

export interface HoldState {
  readonly reason: string;
  /** Epoch ms. */
  readonly placedAtMs: number;
}

export interface ErasureState {
  readonly requestedAtMs: number;
  /** That are to be destroyed; none once they are. */
  readonly keys: readonly SubjectKeyRef[];
  /** Absent while the keys are not known to be destroyed. */
  readonly erasedAtMs?: number;
}

/** What is kept how long, what is held, and what was erased. The system's project has all of it. */
export interface RetentionState {
  /** By project; what is not here is kept for ever. */
  readonly days: Readonly<Record<string, number>>;
  /** By what is held: a project's name, or a data subject. */
  readonly holds: Readonly<Record<string, HoldState>>;
  /** By data subject, in the order of their requests. */
  readonly erasures: Readonly<Record<string, ErasureState>>;
}

export const emptyRetention = (): RetentionState => ({ days: {}, holds: {}, erasures: {} });
