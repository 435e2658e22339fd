import type { HostConfig } from '@torch/host';
import type { InMemoryLogServer, LogServer } from '@torch/log';
import type { Deciders } from '../deciders';
import { withoutFence, withoutLeaseCheck, withoutTime } from './log-server.mutants';
import { withoutAgeing, withoutAttemptCheck, withoutClaims, withoutFairness, withoutLimits } from './decider.mutants';

/** Torch with one of its protections taken out: whoever checks must notice. */
export interface Mutant {
  readonly what: string;
  /** A checker that must fail, within a few seeds. */
  readonly caughtBy: string;
  /** The first world to try: one in which it was noticed. Default 1. */
  readonly firstSeed?: number;
  readonly config?: Partial<HostConfig>;
  readonly deciders?: (real: Deciders) => Deciders;
  readonly sabotage?: (server: LogServer, base: InMemoryLogServer) => LogServer;
}

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  'fence-off': {
    what: 'the log takes commits from whoever sends them',
    caughtBy: 'onlyTheOwnerAppends',
    firstSeed: 13,
    sabotage: withoutFence,
  },
  'lease-check-off': { what: 'a lease is given while another has it', caughtBy: 'noTwoHoldersHaveOneLease', sabotage: withoutLeaseCheck },
  'idempotency-off': {
    what: 'owners forget what they have answered',
    caughtBy: 'everyAcknowledgedCommandHappenedOnce',
    config: { idempotencyBytesMax: 0 },
  },
  'attempt-check-off': {
    what: 'results of older attempts are applied',
    caughtBy: 'onlyTheLiveAttemptIsApplied',
    deciders: withoutAttemptCheck,
  },
  'claims-off': {
    what: 'tasks that claim the same paths run together',
    caughtBy: 'conflictingClaimsAreNeverInFlightTogether',
    deciders: withoutClaims,
  },
  'server-clock-off': {
    what: "owners go by their machines' clocks",
    caughtBy: 'noOwnerIsAheadOfTheLogServer',
    sabotage: withoutTime,
  },
  'ageing-off': { what: 'waiting does not raise a task', caughtBy: 'waitingRaisesATaskUntilItsTurn', deciders: withoutAgeing },
  'fairness-off': { what: 'a flood of one key goes first', caughtBy: 'noKeyStarves', firstSeed: 12, deciders: withoutFairness },
  'limits-off': { what: 'limits are not kept', caughtBy: 'limitsAreNeverExceeded', firstSeed: 9, deciders: withoutLimits },
};
