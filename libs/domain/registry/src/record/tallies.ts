import type { AttemptFailure, TrackRecord } from '@torch/contracts';
import { saturatingAdd } from '@torch/kernel';

/** What an attempt still counts after each further one of its sort. */
const DECAY = 0.98;

/** The longest mean duration that an answer tells. */
const DURATION_MS_MAX = 1e12;

/** How attempts of one sort went. */
export interface Tally {
  /** `all`, `role:developer`, `kind:review` or `skill:typescript`. */
  readonly of: string;
  completed: number;
  failed: number;
  /** The same, with older attempts counting less. */
  successes: number;
  failures: number;
  /** Of completed attempts: the sum of their durations, and what they weigh. */
  durationsMs: number;
  durationsWeight: number;
  /** By reason, sorted. */
  reasons: readonly (readonly [reason: string, count: number])[];
}

/** The sort that was counted longest ago comes first. */
export type Tallies = Tally[];

/** How an attempt ended, as far as it is the agent's doing. */
export type Outcome = { readonly durationMs: number } | { readonly failure: AttemptFailure };

/** Failures that say nothing about the agent: they are listed, and count neither for nor against it. */
const NEUTRAL: ReadonlySet<AttemptFailure> = new Set<AttemptFailure>(['rate-limited', 'budget', 'stopped', 'deadline']);

/** Counts one attempt in each sort that it belongs to. Of more than `max` sorts those go that were counted longest ago. */
export function countAttempt(tallies: Tally[], sorts: readonly string[], outcome: Outcome, max: number): void {
  for (const of of sorts) {
    const at = tallies.findIndex((tally) => tally.of === of);
    const tally = at === -1 ? nothing(of) : tallies.splice(at, 1)[0]!;
    countIn(tally, outcome);
    tallies.push(tally);
  }
  if (tallies.length > max) tallies.splice(0, tallies.length - max);
}

function countIn(tally: Tally, outcome: Outcome): void {
  if ('durationMs' in outcome) {
    tally.completed++;
    tally.successes = tally.successes * DECAY + 1;
    tally.failures *= DECAY;
    tally.durationsMs = saturatingAdd(tally.durationsMs * DECAY, outcome.durationMs);
    tally.durationsWeight = tally.durationsWeight * DECAY + 1;
    return;
  }
  tally.reasons = withReason(tally.reasons, outcome.failure);
  if (NEUTRAL.has(outcome.failure)) return;
  tally.failed++;
  tally.successes *= DECAY;
  tally.failures = tally.failures * DECAY + 1;
}

const nothing = (of: string): Tally => ({
  of,
  completed: 0,
  failed: 0,
  successes: 0,
  failures: 0,
  durationsMs: 0,
  durationsWeight: 0,
  reasons: [],
});

function withReason(reasons: Tally['reasons'], reason: string): Tally['reasons'] {
  const others = reasons.filter(([other]) => other !== reason);
  const count = (reasons.find(([other]) => other === reason)?.[1] ?? 0) + 1;
  return [...others, [reason, count] as const].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Laplace's rule of succession over the decayed counts: 0.5 for who has done nothing yet. */
export const successRate = (tally: Pick<Tally, 'successes' | 'failures'> | undefined): number =>
  tally ? (tally.successes + 1) / (tally.successes + tally.failures + 2) : 0.5;

export const ALL = 'all';
export const tallyOf = (tallies: readonly Tally[], of: string): Tally | undefined => tallies.find((tally) => tally.of === of);

/** `all`, then roles, kinds and skills; of each the one with the most attempts first. */
export function trackRecord(tallies: readonly Tally[]): TrackRecord[] {
  const attempts = ({ completed, failed }: Tally): number => completed + failed;
  return [...tallies]
    .sort((a, b) => rank(a) - rank(b) || attempts(b) - attempts(a) || (a.of < b.of ? -1 : 1))
    .map((tally) => ({
      of: tally.of,
      completed: tally.completed,
      failed: tally.failed,
      successRate: successRate(tally),
      ...(tally.durationsWeight > 0 && { durationMs: Math.min(tally.durationsMs / tally.durationsWeight, DURATION_MS_MAX) }),
      failures: tally.reasons.map(([reason, count]) => ({ reason, count })),
    }));
}

const RANKS = [ALL, 'role', 'kind', 'skill'];
const rank = ({ of }: Tally): number => RANKS.indexOf(of.split(':', 1)[0] as string);
