import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { compareEventPlaces, eventId, parseEventId } from '@torch/log';
import { madeEvent, type MadeCommit, madeFolder, type MadeSegment, writeArchive } from './archive.fixture';
import { type EventFilter } from './event-filter';
import { findEventsPage } from './events-page';
import { buildIndexes, findEvents } from './find-events';

const PARTITION = 3;

const word = <T>(...values: T[]) => fc.constantFrom(...values);
const projects = word('default', 'shop', 'a', 'p"q\\', 'über');
const types = word('task.submitted', 'task.requeued', 'run.ended', 'agent.lost');
const actors = word('user:operator', 'agent:dev-1', 'agent:dev-10', 'service:scheduler');
const subjects = word('task/t1', 'task/t10', 'task/t2', 'run/r1', 'plain', 'ta', 'task/😀', 'task/😃', 'agent/"x"');
const correlations = word('c1', 'c2', 'c1\n', 'leaf', '","leaf":"');
const texts = word('', 'task/t1', '","commit":"', '","leaf":"', '"project":"default"', '\n', 'ö');
const timeMs = fc.nat({ max: 40 });

const events = fc.record({
  type: types,
  subject: subjects,
  project: projects,
  actor: actors,
  correlationId: correlations,
  data: fc.record({ text: texts, leaf: texts }),
});

const commits = fc.record({
  events: fc.array(events, { maxLength: 3 }),
  recordedAtMs: timeMs,
  isPruned: fc.boolean().chain((often) => (often ? fc.boolean() : fc.constant(false))),
  isPretty: fc.nat({ max: 5 }).map((n) => n === 0),
  isNextGeneration: fc.nat({ max: 6 }).map((n) => n === 0),
});

/** Segments of any length, the last one open or not. */
const archives = fc
  .record({
    commits: fc.array(commits, { minLength: 1, maxLength: 24 }),
    cuts: fc.array(fc.nat({ max: 24 }), { maxLength: 4 }),
    isOpen: fc.boolean(),
  })
  .map(({ commits: drafts, cuts, isOpen }): MadeSegment[] => {
    let generation = 0;
    const made = drafts.map(({ isNextGeneration, events: found, ...commit }, i): MadeCommit => {
      generation += isNextGeneration ? 1 : 0;
      return { ...commit, events: found.map((event) => madeEvent(event)), position: { seq: i + 1, generation } };
    });
    const bounds = [...new Set([0, ...cuts.filter((cut) => cut < made.length), made.length])].sort((a, b) => a - b);
    const pieces = bounds.slice(1).map((end, i) => made.slice(bounds[i], end));
    return pieces.map((piece, i) => ({ commits: piece, isSealed: !(isOpen && i === pieces.length - 1) }));
  });

/** Absent more often than not: a filter of everything at once finds nothing, and so proves nothing. */
const optional = <T>(value: fc.Arbitrary<T>) => fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

const filters: fc.Arbitrary<EventFilter> = fc.record({
  project: optional(projects),
  types: optional(fc.uniqueArray(types, { minLength: 1, maxLength: 2 })),
  actor: optional(actors),
  subject: optional(fc.oneof(subjects, word('task/*', 'task/t1*', 'ta*', '*', 'task/\ud83d*', 'agent/"*', 'nothing/*'))),
  correlationId: optional(correlations),
  fromMs: optional(timeMs),
  toMs: optional(timeMs),
  afterId: optional(
    fc
      .record({ seq: fc.nat({ max: 25 }), generation: fc.nat({ max: 2 }), index: fc.nat({ max: 3 }) })
      .map(({ seq, generation, index }) => eventId({ partition: PARTITION, position: { seq, generation }, index })),
  ),
  limit: optional(fc.integer({ min: 1, max: 5 })),
});

/** What there is to find, by reading everything. */
function naive(segments: readonly MadeSegment[], { limit = Infinity, ...filter }: EventFilter) {
  const after = filter.afterId === undefined ? undefined : parseEventId(filter.afterId);
  const found: { id: string; recordedAtMs: number; event: unknown }[] = [];
  for (const commit of segments.flatMap((segment) => segment.commits)) {
    if (commit.isPruned) continue;
    for (const [index, event] of commit.events.entries()) {
      const place = { partition: PARTITION, position: commit.position, index };
      const prefix = filter.subject?.endsWith('*') ? filter.subject.slice(0, -1) : undefined;
      const fits =
        (!after || compareEventPlaces(place, after) > 0) &&
        (filter.project === undefined || event.project === filter.project) &&
        (filter.types === undefined || filter.types.includes(event.type)) &&
        (filter.actor === undefined || event.actor === filter.actor) &&
        (filter.subject === undefined || (prefix === undefined ? event.subject === filter.subject : event.subject.startsWith(prefix))) &&
        (filter.correlationId === undefined || event.correlationId === filter.correlationId) &&
        commit.recordedAtMs >= (filter.fromMs ?? 0) &&
        commit.recordedAtMs < (filter.toMs ?? Infinity);
      if (fits) found.push({ id: eventId(place), recordedAtMs: commit.recordedAtMs, event });
    }
  }
  return found.slice(0, limit);
}

/** Emptied records behind `afterId`, of segments whose projects and times do not rule them out. */
function naivePruned(segments: readonly MadeSegment[], { project, fromMs = 0, toMs = Infinity, afterId }: EventFilter): number {
  const after = afterId === undefined ? undefined : parseEventId(afterId);
  const mayHold = ({ isSealed, commits: all }: MadeSegment): boolean => {
    const times = all.map(({ recordedAtMs }) => recordedAtMs);
    const inTime = Math.max(...times) >= fromMs && Math.min(...times) < toMs;
    return (
      !isSealed || (inTime && (project === undefined || all.some((commit) => commit.events.some((event) => event.project === project))))
    );
  };
  const behind = ({ position }: MadeCommit): boolean =>
    !after || compareEventPlaces({ partition: PARTITION, position, index: 999_999 }, after) > 0;
  return segments.filter(mayHold).flatMap((segment) => segment.commits.filter((commit) => commit.isPruned && behind(commit))).length;
}

async function found(dir: string, filter: EventFilter, builds = false) {
  const all = { events: [] as { id: string; recordedAtMs: number; event: unknown }[], pruned: 0 };
  for await (const { events: step, pruned } of findEvents({ dir, partition: PARTITION, filter, buildsIndexes: builds })) {
    all.events.push(...step.map(({ place, recordedAtMs, event }) => ({ id: eventId(place), recordedAtMs, event })));
    all.pruned += pruned;
  }
  return all;
}

describe('a search in the archive', () => {
  it('finds exactly what reading everything finds, without indexes, while they are built, and with them', async () => {
    await fc.assert(
      fc.asyncProperty(archives, filters, async (segments, filter) => {
        const dir = madeFolder();
        writeArchive(dir, PARTITION, segments);
        const expected = naive(segments, filter);
        for (const builds of [false, true, false]) {
          const { events: all, pruned } = await found(dir, filter, builds);
          expect(all).toEqual(expected);
          if (filter.limit === undefined) expect(pruned).toBe(naivePruned(segments, filter));
        }
        rmSync(dir, { recursive: true });
      }),
      { numRuns: 150 },
    );
  });

  it('gives in pages what it gives at once, each emptied record counted once', async () => {
    await fc.assert(
      fc.asyncProperty(archives, filters, fc.integer({ min: 1, max: 4 }), fc.boolean(), async (segments, filter, limit, hasIndexes) => {
        const dir = madeFolder();
        writeArchive(dir, PARTITION, segments);
        if (hasIndexes) await buildIndexes({ dir, partition: PARTITION });
        const ids: string[] = [];
        let pruned = 0;
        let afterId = filter.afterId;
        for (let pages = 0; ; pages++) {
          expect(pages).toBeLessThan(200);
          const page = await findEventsPage(
            { dir, partition: PARTITION, filter: { ...filter, limit, afterId } },
            { bytesMax: 1, timeMs: 1000 },
          );
          ids.push(...page.events.map(({ place }) => eventId(place)));
          pruned += page.pruned;
          if (page.isEnd) break;
          afterId = page.through && eventId(page.through);
        }
        const { limit: _, ...all } = filter;
        expect(ids).toEqual(naive(segments, all).map(({ id }) => id));
        expect(pruned).toBe(naivePruned(segments, all));
        rmSync(dir, { recursive: true });
      }),
      { numRuns: 100 },
    );
  });
});
