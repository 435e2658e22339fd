// eslint-disable-next-line no-restricted-imports -- Arithmetic on its arguments and on the time zones that Node knows; see `Walk`.
import { Cron } from 'croner';

/** A cron expression of five fields, or six with seconds, or `@daily` and the like; and the IANA zone whose clocks it means. */
export interface Recurrence {
  readonly cron: string;
  readonly timeZone: string;
}

/**
 * `nextRun(from)` and `previousRuns(1, from)` are these two with a `new Date()` behind `from`, for callers that give none. What is
 * called here reads no clock at all, as rules must not.
 */
interface Walk {
  _nextTarget(from: Date, unused: Date): Date | null;
  _previousTarget(from: Date, unused: Date): Date | null;
}

const FIELDS = ['second', 'minute', 'hour', 'day of month', 'month', 'day of week'] as const;
const FIELD_PATTERN = /^[A-Za-z0-9*?,\-/#+]+$/;
const ZONE_PATTERN = /^[A-Za-z][A-Za-z0-9_+\-/]*$/;
const MODE = '5-or-6-parts';

/** The first time after `afterMs`, epoch ms; undefined when there is none at all, as for a 30th of February. */
export function nextTimeMs(recurrence: Recurrence, afterMs: number): number | undefined {
  const from = new Date(afterMs);
  return walk(recurrence)._nextTarget(from, from)?.getTime();
}

/** The times after `afterMs` up to and at `untilMs`, epoch ms: at most `count` of them, the earliest first. */
export function timesBetween(
  recurrence: Recurrence,
  { afterMs, untilMs, count }: { readonly afterMs: number; readonly untilMs: number; readonly count: number },
): readonly number[] {
  const times: number[] = [];
  const forward = walk(recurrence);
  let from: Date | null = new Date(afterMs);
  while (times.length < count && (from = forward._nextTarget(from, from)) && from.getTime() <= untilMs) times.push(from.getTime());
  return times;
}

/** The last times up to and at `untilMs`, epoch ms: at most `count` of them, the earliest first. */
export function lastTimesMs(recurrence: Recurrence, untilMs: number, count: number): readonly number[] {
  const times: number[] = [];
  const back = walk(recurrence);
  let from: Date | null = new Date(untilMs + 1);
  while (times.length < count && (from = back._previousTarget(from, from))) times.unshift(from.getTime());
  return times;
}

/** Why the expression is none, as the end of a sentence that names it; undefined when it is one. */
export function cronProblem(cron: string): string | undefined {
  const fields = cron.trim().split(/\s+/);
  if (fields[0]?.startsWith('@')) return parseProblem(cron) && 'it is none of @yearly, @monthly, @weekly, @daily and @hourly';
  if (fields.length !== 5 && fields.length !== 6)
    return `it has ${fields.length} field${fields.length === 1 ? '' : 's'}, and needs five: minute, hour, day of month, month, day of week`;
  const first = FIELDS.length - fields.length;
  for (const [place, field] of fields.entries()) {
    const alone = FIELDS.map((_, other) => (other === first + place ? field : '*')).join(' ');
    const problem = FIELD_PATTERN.test(field) ? parseProblem(alone) : 'it contains a character that means nothing there';
    if (problem !== undefined) return `its ${FIELDS[first + place]} is "${field}": ${problem}`;
  }
  return parseProblem(cron);
}

export function isTimeZone(timeZone: string): boolean {
  if (!ZONE_PATTERN.test(timeZone)) return false;
  try {
    return nextTimeMs({ cron: '@daily', timeZone }, 0) !== undefined;
  } catch {
    return false;
  }
}

const walk = ({ cron, timeZone }: Recurrence): Walk => new Cron(cron, { timezone: timeZone, mode: MODE }) as unknown as Walk;

function parseProblem(cron: string): string | undefined {
  try {
    new Cron(cron, { timezone: 'UTC', mode: MODE });
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^CronPattern: /, '').replace(/\.$/, '');
  }
}
