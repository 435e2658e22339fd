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
  /** Tasks that have not ended, of one project. A run that would pass it is refused as `queue-full`. */
  readonly tasksOpenMax: number;
  /** Tasks of ended runs that a project remembers; the runs that ended first are forgotten first. */
  readonly tasksEndedMax: number;
  /** Lost agents whose track record is kept, in case they come back. */
  readonly agentsLostMax: number;
  /** Attempts that one `ReleaseAgent` ends: what a decision leads to must fit into one commit. */
  readonly releasesPerCommandMax: number;
  /** Events of one answer of `settle`, for the same reason. What is left is said when it is asked again. */
  readonly settleEventsMax: number;
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
  tasksOpenMax: 2_000_000,
  tasksEndedMax: 100_000,
  agentsLostMax: 10_000,
  releasesPerCommandMax: 250,
  settleEventsMax: 700,
  assignmentsKeptMax: 16,
  fenced: { perReporterMax: 100, windowMs: 3_600_000, reportersMax: 1000 },
};
