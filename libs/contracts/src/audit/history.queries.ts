import { AnyObject, AtMs, Describe, Id, Ids, ListOf, Optional, ProjectName, Text, Whole } from '../field';

/** Events that one answer holds at most. */
export const FOUND_EVENTS_MAX = 1000;
/** Event types that one question names at most. */
export const FIND_TYPES_MAX = 100;

/** `<partition>/<seq>-<generation>/<index>` */
export const EVENT_ID_CHARS = { min: 7, max: 64 } as const;

/** Which of the project's events are looked for, in the archive and the log. Everything that is given must fit. */
export class FindEvents {
  @Optional() @Ids({ min: 1, max: FIND_TYPES_MAX }) types?: string[];
  @Optional() @Text({ min: 1, max: 200 }) actor?: string;
  @Describe('Exact, or with `*` at its end whatever begins with what stands before it: `task/*`.')
  @Optional()
  @Text({ min: 1, max: 200 })
  subject?: string;
  @Optional() @Text({ min: 1, max: 200 }) correlationId?: string;
  @Describe('Recorded at or after.') @Optional() @AtMs() fromMs?: number;
  @Describe('Recorded before.') @Optional() @AtMs() toMs?: number;
  @Describe('Id of an event, or `next` or `through` of the answer before: only what comes behind it.')
  @Optional()
  @Text(EVENT_ID_CHARS)
  after?: string;
  @Describe('Default 100.') @Optional() @Whole({ min: 1, max: FOUND_EVENTS_MAX }) limit?: number;
}

/** An event as it was recorded, of the version that it had then. */
export class HistoryEvent {
  @Describe('`<partition>/<seq>-<generation>/<index>`') @Text(EVENT_ID_CHARS) id!: string;
  @AtMs() recordedAtMs!: number;
  @Id() type!: string;
  @Whole({ min: 1 }) v!: number;
  @Text({ min: 1, max: 300 }) subject!: string;
  @ProjectName() project!: string;
  @Text({ min: 1, max: 300 }) actor!: string;
  @Text({ min: 1, max: 300 }) correlationId!: string;
  @Optional() @Text({ min: 1, max: 300 }) causationId?: string;
  @Optional() @Text({ max: 64 }) traceparent?: string;
  @AnyObject() data!: object;
}

/** Oldest first. An answer may be short, and even empty, and name where to go on all the same: what one question costs is bounded. */
export class EventsFound {
  @ListOf(() => HistoryEvent, { max: FOUND_EVENTS_MAX }) events!: HistoryEvent[];
  @Describe('Where to go on; absent when everything there is has been searched.') @Optional() @Text(EVENT_ID_CHARS) next?: string;
  @Describe('Everything up to here has been searched; absent while there is nothing at all.')
  @Optional()
  @Text(EVENT_ID_CHARS)
  through?: string;
  @Describe('Commits on the way that retention has emptied: nobody can say whether they held what is looked for.')
  @Whole()
  pruned!: number;
}
