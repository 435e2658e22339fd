import { SCHEDULER_LIMITS, type SchedulerDecider, schedulerDeciderWith } from '@torch/domain-scheduler';
import { EnvironmentInvalid, EnvironmentReader } from '@torch/platform';

const MS_MAX = 7 * 24 * 3_600_000;

/**
 * The rules with the times that the environment sets. All instances and every replay of one log must be told the same.
 *
 * @throws EnvironmentInvalid naming every variable whose value does not fit.
 */
export function readScheduler(variables: NodeJS.ProcessEnv): SchedulerDecider {
  const read = new EnvironmentReader(variables);
  const ms = (name: string, value: number): number => read.whole(`TORCH_SCHEDULER_${name}`, { min: 10, max: MS_MAX }) ?? value;
  const limits = {
    startGraceMs: ms('START_GRACE_MS', SCHEDULER_LIMITS.startGraceMs),
    resultGraceMs: ms('RESULT_GRACE_MS', SCHEDULER_LIMITS.resultGraceMs),
    backoffFirstMs: ms('BACKOFF_FIRST_MS', SCHEDULER_LIMITS.backoffFirstMs),
    backoffMaxMs: ms('BACKOFF_MAX_MS', SCHEDULER_LIMITS.backoffMaxMs),
  };
  if (read.problems.length > 0) throw new EnvironmentInvalid(read.problems);
  return schedulerDeciderWith(limits);
}
