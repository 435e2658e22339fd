import { CONFLICTS_OPEN_MAX } from '@torch/contracts';

/** All owners and replays of one log must use the same. */
export interface ConflictLimits {
  /** Conflicts of a project that are open or escalated; a further one is refused. */
  readonly unresolvedMax: number;
  /** Resolved ones that are still known; beyond it the one that was resolved first is forgotten. The log has it. */
  readonly resolvedMax: number;
}

export const CONFLICT_LIMITS: ConflictLimits = { unresolvedMax: CONFLICTS_OPEN_MAX, resolvedMax: 200 };
