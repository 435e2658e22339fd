import type { AnyEvent } from '@torch/kernel';
import { compareEventPlaces, type EventPlace, parseEventId } from '@torch/log';

/** Events that one page holds at most. */
export const PAGE_EVENTS_MAX = 1000;

/** Which events are looked for. What is absent does not matter; everything given must fit. */
export interface EventFilter {
  readonly project?: string;
  readonly types?: readonly string[];
  readonly actor?: string;
  /** Exact, or with `*` at its end whatever begins with what stands before it: `task/*`. */
  readonly subject?: string;
  readonly correlationId?: string;
  /** Recorded at or after, epoch ms. */
  readonly fromMs?: number;
  /** Recorded before, epoch ms. */
  readonly toMs?: number;
  /** Only what comes behind this event: `<partition>/<seq>-<generation>/<index>`. */
  readonly afterId?: string;
  /** Events, at most; 1 to `PAGE_EVENTS_MAX`. Without it, all. */
  readonly limit?: number;
}

/** An event that was found, as it was recorded: of the version that it had then. */
export interface FoundEvent {
  readonly place: EventPlace;
  readonly recordedAtMs: number;
  readonly event: AnyEvent;
}

/** A filter made ready for many events. */
export interface CompiledFilter {
  readonly filter: EventFilter;
  readonly after: EventPlace | undefined;
  /**
   * What the text of a commit with a fitting event holds: of every group one of its texts, the most telling group first.
   * JSON text, as `JSON.stringify` writes it.
   */
  readonly needles: readonly (readonly string[])[];
  isBehind(place: EventPlace): boolean;
  fits(event: AnyEvent): boolean;
  fitsTime(recordedAtMs: number): boolean;
}

/** @throws RangeError naming the field, when `afterId` is no event of this partition or `limit` is out of range. */
export function compileFilter(filter: EventFilter, partition: number): CompiledFilter {
  const { project, types, actor, subject, correlationId, fromMs = -Infinity, toMs = Infinity, afterId, limit } = filter;
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= PAGE_EVENTS_MAX))
    throw new RangeError(`"limit" must be a whole number from 1 to ${PAGE_EVENTS_MAX}, not ${limit}.`);
  const after = afterId === undefined ? undefined : parseEventId(afterId);
  if (after && after.partition !== partition)
    throw new RangeError(`"afterId" ${afterId} is an event of partition ${after.partition}, and the search is in partition ${partition}.`);
  const wantedTypes = types && new Set(types);
  const fitsSubject = subjectTest(subject);
  return {
    filter,
    after,
    needles: needlesOf(filter),
    isBehind: (place) => after === undefined || compareEventPlaces(place, after) > 0,
    fits: (event) =>
      (project === undefined || event.project === project) &&
      (wantedTypes === undefined || wantedTypes.has(event.type)) &&
      (actor === undefined || event.actor === actor) &&
      (correlationId === undefined || event.correlationId === correlationId) &&
      fitsSubject(event.subject),
    fitsTime: (recordedAtMs) => recordedAtMs >= fromMs && recordedAtMs < toMs,
  };
}

/** What stands before the `*` of a subject that ends with one; undefined for an exact subject. */
export const subjectPrefix = (subject: string): string | undefined => (subject.endsWith('*') ? subject.slice(0, -1) : undefined);

function subjectTest(subject: string | undefined): (found: string) => boolean {
  if (subject === undefined) return () => true;
  const prefix = subjectPrefix(subject);
  return prefix === undefined ? (found) => found === subject : (found) => found.startsWith(prefix);
}

function needlesOf({ correlationId, subject, actor, types, project }: EventFilter): string[][] {
  const groups = [
    correlationId !== undefined && [JSON.stringify(correlationId)],
    subject !== undefined && [subjectNeedle(subject)],
    actor !== undefined && [JSON.stringify(actor)],
    types !== undefined && types.map((type) => JSON.stringify(type)),
    project !== undefined && [JSON.stringify(project)],
  ];
  return groups.filter((group) => group !== false);
}

function subjectNeedle(subject: string): string {
  const prefix = subjectPrefix(subject);
  if (prefix === undefined) return JSON.stringify(subject);
  // Half a character looks different in JSON from the whole one that it may be the beginning of.
  return JSON.stringify(prefix.replace(/[\ud800-\udbff]$/, '')).slice(0, -1);
}
