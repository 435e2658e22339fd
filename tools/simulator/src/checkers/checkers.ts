import { type Account, Violation } from './account';
import { aSpentBudgetEndsTheTask } from './budget.checkers';
import { conflictingClaimsAreNeverInFlightTogether } from './claim.checkers';
import { limitsAreNeverExceeded } from './limit.checkers';
import {
  everyAcknowledgedCommandHappenedOnce,
  noIncidentIsRecorded,
  noOwnerIsAheadOfTheLogServer,
  noServiceMeetsABug,
  noTwoHoldersHaveOneLease,
  onlyTheOwnerAppends,
  positionsNeverMeanTwoThings,
} from './log.checkers';
import { noKeyStarves, waitingRaisesATaskUntilItsTurn } from './order.checkers';
import { liveStateEqualsReplayed, restoredStateEqualsReplayed } from './state.checkers';
import {
  aRunEndsWithItsTasks,
  dependenciesEndFirst,
  everyAcceptedTaskEnds,
  noAgentIsAboveItsCapacity,
  noAssignmentWithoutRequiredSkill,
  nothingLeavesATerminalStateWithoutARetry,
  noTaskRunsUnderTwoAttempts,
  onlyTheLiveAttemptIsApplied,
} from './task.checkers';

/** Throws a `Violation` that names the first event which breaks the guarantee. */
export type Checker = (account: Account) => void | Promise<void>;

/** One for each guarantee, by its name. What a broken one makes doubtful comes behind it. */
export const CHECKERS: Readonly<Record<string, Checker>> = {
  noIncidentIsRecorded,
  noOwnerIsAheadOfTheLogServer,
  noServiceMeetsABug,
  noTwoHoldersHaveOneLease,
  onlyTheOwnerAppends,
  positionsNeverMeanTwoThings,
  everyAcknowledgedCommandHappenedOnce,
  noTaskRunsUnderTwoAttempts,
  onlyTheLiveAttemptIsApplied,
  nothingLeavesATerminalStateWithoutARetry,
  noAssignmentWithoutRequiredSkill,
  noAgentIsAboveItsCapacity,
  dependenciesEndFirst,
  aRunEndsWithItsTasks,
  limitsAreNeverExceeded,
  conflictingClaimsAreNeverInFlightTogether,
  aSpentBudgetEndsTheTask,
  waitingRaisesATaskUntilItsTurn,
  noKeyStarves,
  liveStateEqualsReplayed,
  restoredStateEqualsReplayed,
  everyAcceptedTaskEnds,
};

export interface Finding {
  readonly checker: string;
  readonly message: string;
}

/** What every checker says of one account; nothing when all guarantees hold. */
export async function findings(account: Account, checkers = CHECKERS): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for (const [checker, check] of Object.entries(checkers)) {
    try {
      await check(account);
    } catch (error) {
      const message = error instanceof Violation ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
      found.push({ checker, message });
    }
  }
  return found;
}
