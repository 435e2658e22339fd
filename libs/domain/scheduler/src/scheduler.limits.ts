import type { ReportLimits } from '@torch/kernel';

/** Every limit of the scheduler's rules. Times in milliseconds. */
export interface SchedulerLimits {
  /** From the assignment to the agent's start of the work; the lease ends after it. */
  readonly startGraceMs: number;
  /** Added to a task's own timeout: the agent ends the attempt by itself, and its result needs time to arrive. */
  readonly resultGraceMs: number;
  /** Pause after the first failed attempt; it doubles with each further one. */
  readonly backoffFirstMs: number;
  readonly backoffMaxMs: number;
  /** A ready task rises by one priority with each of these that it waits. */
  readonly ageStepMs: number;
  /**
   * From then on, what conflicts with the paths that a ready task wants is kept for it, and room in its semaphores, if it names several:
   * see `claims/precedence.ts`.
   */
  readonly claimPatienceMs: number;
  /** Tasks that have not ended, of one project. A run that would pass it is refused as `open-tasks-limit`. */
  readonly tasksOpenMax: number;
  /** Tasks of ended runs that a project remembers; the runs that ended first are forgotten first. */
  readonly tasksEndedMax: number;
  /** Results of tasks of ended runs that a project remembers, bytes of JSON; beyond it runs are forgotten as well. */
  readonly resultBytesMax: number;
  /** Times that a task's attempts may be rate-limited for nothing. From then on, each spends an attempt. */
  readonly rateLimitsMax: number;
  /** The longest wait that an agent may ask for as `rate-limited`; a later time is brought forward. */
  readonly rateLimitWaitMaxMs: number;
  /** Tasks that one cancellation of a subtree may cancel: what a decision leads to must fit into one commit. */
  readonly subtreeMax: number;
  /** Lost agents whose track record is kept, in case they come back. */
  readonly agentsLostMax: number;
  /** Attempts that one `ReleaseAgent` ends: what a decision leads to must fit into one commit. */
  readonly releasesPerCommandMax: number;
  /** Events of one answer of `settle`: nobody is held up for long by one. What is left is said when it is asked again. */
  readonly settleEventsMax: number;
  /** Names of one group (roles, tasks, days …) of which usage is told apart; the others are added up. */
  readonly usageGroupsMax: number;
  /** Agents whose use of their budget is remembered. Those with a live attempt always are. */
  readonly budgetAgentsMax: number;
  /** Attempts of a task whose assignments are remembered, to tell an old one from one of a history that was lost. */
  readonly assignmentsKeptMax: number;
  /** Reports of agents on attempts that the log does not know. */
  readonly fenced: ReportLimits;
}

export const SCHEDULER_LIMITS: SchedulerLimits = {
  startGraceMs: 30_000,
  resultGraceMs: 30_000,
  backoffFirstMs: 1000,
  backoffMaxMs: 60_000,
  ageStepMs: 5 * 60_000,
  claimPatienceMs: 10 * 60_000,
  tasksOpenMax: 2_000_000,
  tasksEndedMax: 100_000,
  resultBytesMax: 256 * 1024 * 1024,
  rateLimitsMax: 100,
  rateLimitWaitMaxMs: 24 * 3_600_000,
  subtreeMax: 2000,
  agentsLostMax: 10_000,
  releasesPerCommandMax: 250,
  settleEventsMax: 250,
  usageGroupsMax: 10_000,
  budgetAgentsMax: 200_000,
  assignmentsKeptMax: 16,
  fenced: { perReporterMax: 100, windowMs: 3_600_000, reportersMax: 1000 },
};
