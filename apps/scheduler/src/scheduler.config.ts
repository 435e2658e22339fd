import { SCHEDULER_LIMITS, type SchedulerDecider, schedulerDeciderWith } from '@torch/domain-scheduler';
import { EnvironmentInvalid, EnvironmentReader } from '@torch/platform';

const MS_MAX = 7 * 24 * 3_600_000;
const TASKS_MAX = 10_000_000;

/**
 * The rules with the times and limits that the environment sets. All instances and every replay of one log must be told the same.
 *
 * @throws EnvironmentInvalid naming every variable whose value does not fit.
 */
export function readScheduler(variables: NodeJS.ProcessEnv): SchedulerDecider {
  const read = new EnvironmentReader(variables);
  const ms = (name: string, value: number): number => read.whole(`TORCH_SCHEDULER_${name}`, { min: 10, max: MS_MAX }) ?? value;
  const count = (name: string, max: number, value: number): number => read.whole(`TORCH_SCHEDULER_${name}`, { min: 1, max }) ?? value;
  const limits = {
    startGraceMs: ms('START_GRACE_MS', SCHEDULER_LIMITS.startGraceMs),
    resultGraceMs: ms('RESULT_GRACE_MS', SCHEDULER_LIMITS.resultGraceMs),
    backoffFirstMs: ms('BACKOFF_FIRST_MS', SCHEDULER_LIMITS.backoffFirstMs),
    backoffMaxMs: ms('BACKOFF_MAX_MS', SCHEDULER_LIMITS.backoffMaxMs),
    ageStepMs: ms('AGE_STEP_MS', SCHEDULER_LIMITS.ageStepMs),
    claimPatienceMs: ms('CLAIM_PATIENCE_MS', SCHEDULER_LIMITS.claimPatienceMs),
    rateLimitWaitMaxMs: ms('RATE_LIMIT_WAIT_MAX_MS', SCHEDULER_LIMITS.rateLimitWaitMaxMs),
    rateLimitsMax: count('RATE_LIMITS_MAX', 10_000, SCHEDULER_LIMITS.rateLimitsMax),
    tasksOpenMax: count('TASKS_OPEN_MAX', TASKS_MAX, SCHEDULER_LIMITS.tasksOpenMax),
    tasksEndedMax: count('TASKS_ENDED_MAX', TASKS_MAX, SCHEDULER_LIMITS.tasksEndedMax),
    resultBytesMax: count('RESULT_BYTES_MAX', 16 * 1024 ** 3, SCHEDULER_LIMITS.resultBytesMax),
  };
  if (read.problems.length > 0) throw new EnvironmentInvalid(read.problems);
  return schedulerDeciderWith(limits);
}
