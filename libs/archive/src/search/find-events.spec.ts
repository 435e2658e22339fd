import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeManifestLine, manifestHash } from '@torch/domain-audit';
import { eventId } from '@torch/log';
import { manifestPath } from '../archive.layout';
import { sha256 } from '../hashing';
import { NODE_DISK } from '../node-disk.adapter';
import { madeEvent, type MadeCommit, madeFolder, writeArchive } from './archive.fixture';
import type { EventFilter } from './event-filter';
import { findEventsPage } from './events-page';
import { buildIndexes, findEvents, type SearchStep } from './find-events';

const PARTITION = 2;

/** Commits `first` to `last`, each with one event about the task of its number, in project `project`. */
const commits = (first: number, last: number, project = 'default'): MadeCommit[] =>
  Array.from({ length: last - first + 1 }, (_, i) => ({
    position: { seq: first + i, generation: 0 },
    recordedAtMs: 1000 * (first + i),
    events: [madeEvent({ subject: `task/t${first + i}`, correlationId: `c${first + i}`, project })],
  }));

/** Three sealed segments of 10 and an open one of 5; the second is of another project. */
function archive(): string {
  const dir = madeFolder();
  writeArchive(dir, PARTITION, [
    { isSealed: true, commits: commits(1, 10) },
    { isSealed: true, commits: commits(11, 20, 'shop') },
    { isSealed: true, commits: commits(21, 30) },
    { isSealed: false, commits: commits(31, 35) },
  ]);
  return dir;
}

async function stepsOf(dir: string, filter: EventFilter, buildsIndexes = false): Promise<SearchStep[]> {
  const steps: SearchStep[] = [];
  for await (const step of findEvents({ dir, partition: PARTITION, filter, buildsIndexes })) steps.push(step);
  return steps;
}

const subjectsOf = (steps: readonly SearchStep[]): string[] => steps.flatMap(({ events }) => events.map(({ event }) => event.subject));
const readFrom = (steps: readonly SearchStep[]): number[] =>
  steps.filter(({ bytes }) => bytes > 0).map(({ through }) => through.position.seq);
const indexDir = (dir: string): string => join(dir, 'p02', 'index');
const indexFiles = (dir: string): string[] => readdirSync(indexDir(dir)).sort();
const indexFile = (dir: string, n: number): string => join(indexDir(dir), indexFiles(dir)[n] as string);
const segmentPath = (dir: string, firstSeq: number): string => join(dir, 'p02', `segment-${String(firstSeq).padStart(16, '0')}.ndjson.gz`);

describe('a search', () => {
  it('leaves out segments of other projects and times without reading them', async () => {
    const dir = archive();
    expect(readFrom(await stepsOf(dir, { project: 'shop' }))).toEqual([20, 35]);
    expect(readFrom(await stepsOf(dir, { fromMs: 12_000, toMs: 19_000 }))).toEqual([20, 35]);
    expect(readFrom(await stepsOf(dir, { fromMs: 20_000, toMs: 21_000 }))).toEqual([20, 35]);
    expect(readFrom(await stepsOf(dir, { afterId: '2/20-0/999999' }))).toEqual([30, 35]);
  });

  it('reads only the segments whose index may hold what is looked for', async () => {
    const dir = archive();
    expect(await buildIndexes({ dir, partition: PARTITION })).toBe(3);
    const steps = await stepsOf(dir, { correlationId: 'c25' });
    expect([subjectsOf(steps), readFrom(steps)]).toEqual([['task/t25'], [30, 35]]);
    expect(readFrom(await stepsOf(dir, { subject: 'run/*' }))).toEqual([35]);
    expect(readFrom(await stepsOf(dir, { subject: 'task/t99999' }))).toEqual([35]);
    expect(readFrom(await stepsOf(dir, { actor: 'user:nobody' }))).toEqual([35]);
    expect(readFrom(await stepsOf(dir, { types: ['run.ended'] }))).toEqual([35]);
    expect(steps.some(({ isUnindexed }) => isUnindexed)).toBe(false);
  });

  it('does without indexes, and says so', async () => {
    const steps = await stepsOf(archive(), { correlationId: 'c25' });
    expect([subjectsOf(steps), readFrom(steps)]).toEqual([['task/t25'], [10, 20, 30, 35]]);
    expect(steps.map(({ isUnindexed }) => isUnindexed)).toEqual([true, true, true, false]);
  });

  it('sees what was appended to the open segment, and no line that has no end yet', async () => {
    const dir = archive();
    const open = join(dir, 'p02', 'segment-0000000000000031.ndjson');
    const line = readFileSync(open, 'utf8').split('\n')[4] as string;
    appendFileSync(open, line.replace('"35-0"', '"36-0"').slice(0, -1));
    expect(subjectsOf(await stepsOf(dir, { afterId: '2/33-0/0' }))).toEqual(['task/t34', 'task/t35']);
    appendFileSync(open, '}\n');
    expect((await stepsOf(dir, { afterId: '2/35-0/0' })).at(-1)?.through.position.seq).toBe(36);
  });

  it('finds nothing in an archive that has nothing', async () => {
    expect(await findEventsPage({ dir: madeFolder(), partition: PARTITION, filter: {} }, { bytesMax: 1, timeMs: 1 })).toEqual({
      events: [],
      through: undefined,
      pruned: 0,
      isUnindexed: false,
      isEnd: true,
    });
  });

  it.each([
    [{ limit: 0 }, '"limit" must be a whole number from 1 to 1000, not 0.'],
    [{ limit: 1001 }, '"limit"'],
    [{ afterId: 'x' }, '"x" is not the id of an event'],
    [{ afterId: '3/1-0/0' }, '"afterId" 3/1-0/0 is an event of partition 3'],
  ])('refuses %j', async (filter, message) => {
    await expect(stepsOf(archive(), filter)).rejects.toThrow(message);
  });

  it.each([
    ['a segment is gone', (dir: string) => rmSync(segmentPath(dir, 11)), 'Record 11 of partition 2 is missing'],
    ['a segment is cut off', (dir: string) => truncateSync(segmentPath(dir, 11), 100), 'is not whole'],
    ['a line is no record', (dir: string) => writeFileSync(segmentPath(dir, 11), gzipSync('{"position":"11-0"}\n')), 'is not a record'],
  ])('stops loudly where %s', async (_, damage, message) => {
    const dir = archive();
    damage(dir);
    await expect(stepsOf(dir, { subject: 'task/t1' })).rejects.toThrow(message);
  });
});

describe('an index', () => {
  it.each([
    ['was deleted', (path: string) => rmSync(path)],
    ['was cut off', (path: string) => truncateSync(path, 150)],
    ['was emptied', (path: string) => truncateSync(path, 0)],
    ['has a flipped bit', (path: string) => flipBit(path, 120)],
    ['is no text', (path: string) => writeFileSync(path, Buffer.from([0, 255, 1]))],
  ])('that %s is not trusted, and is built anew', async (_, damage) => {
    const dir = archive();
    await buildIndexes({ dir, partition: PARTITION });
    const whole = readFileSync(indexFile(dir, 2));
    const path = indexFile(dir, 2);
    damage(path);
    expect(subjectsOf(await stepsOf(dir, { correlationId: 'c25' }))).toEqual(['task/t25']);
    expect(subjectsOf(await stepsOf(dir, { correlationId: 'c25' }, true))).toEqual(['task/t25']);
    expect(readFileSync(path)).toEqual(whole);
    expect(await buildIndexes({ dir, partition: PARTITION })).toBe(0);
  });

  it('of what a segment was before it was pruned is not used', async () => {
    const dir = archive();
    await buildIndexes({ dir, partition: PARTITION });
    prune(dir);
    const steps = await stepsOf(dir, { correlationId: 'c12', project: 'shop' });
    expect([subjectsOf(steps), steps.map(({ pruned }) => pruned)]).toEqual([[], [0, 10, 0, 0]]);
    expect(await buildIndexes({ dir, partition: PARTITION })).toBe(1);
    const again = await stepsOf(dir, { correlationId: 'c12', project: 'shop' });
    expect([readFrom(again), again.map(({ pruned }) => pruned)]).toEqual([[35], [0, 10, 0, 0]]);
  });

  it('is not built from a file that is not the one that was sealed', async () => {
    const dir = archive();
    const other = archive();
    writeFileSync(segmentPath(dir, 11), Buffer.concat([readFileSync(segmentPath(other, 11)), Buffer.alloc(1)]));
    expect(await buildIndexes({ dir, partition: PARTITION })).toBe(2);
  });

  it('is not kept where nothing may be written, and used all the same', async () => {
    const dir = archive();
    const failing = (code: string) => ({ ...NODE_DISK, makeDir: () => Promise.reject(Object.assign(new Error(code), { code })) });
    const steps: SearchStep[] = [];
    const search = { dir, partition: PARTITION, filter: { correlationId: 'c25' }, buildsIndexes: true };
    for await (const step of findEvents({ ...search, disk: failing('EROFS') })) steps.push(step);
    expect([subjectsOf(steps), readFrom(steps)]).toEqual([['task/t25'], [30, 35]]);
    expect(existsSync(indexDir(dir))).toBe(false);
    await expect(buildIndexes({ dir, partition: PARTITION, disk: failing('ENOSPC') })).rejects.toThrow('ENOSPC');
  });
});

describe('a page', () => {
  const pageOf = (filter: EventFilter, budget: Partial<{ bytesMax: number; timeMs: number; charsMax: number }> = {}) =>
    findEventsPage(
      { dir: archive(), partition: PARTITION, filter, charsMax: budget.charsMax },
      { bytesMax: 1e9, timeMs: 60_000, ...budget },
    );

  it('comes back short when its bytes are used up, and says how far it came', async () => {
    const { events, through, isEnd } = await pageOf({ subject: 'task/t25' }, { bytesMax: 1 });
    expect([events, through && eventId(through), isEnd]).toEqual([[], '2/10-0/999999', false]);
  });

  it('comes back short when its time is used up, but gets on', async () => {
    const { through, isEnd } = await pageOf({ subject: 'task/t25' }, { timeMs: 0 });
    expect([through && eventId(through), isEnd]).toEqual(['2/10-0/999999', false]);
  });

  it('ends with the event that fills it', async () => {
    const { events, through } = await pageOf({}, { charsMax: 500 });
    expect([events.length, through && eventId(through)]).toEqual([4, '2/4-0/0']);
    expect((await pageOf({}, { charsMax: 1 })).events).toHaveLength(1);
  });

  it('says when there is no more', async () => {
    const { events, isEnd } = await pageOf({ project: 'shop', limit: 1000 });
    expect([events.length, isEnd]).toEqual([10, true]);
  });
});

function flipBit(path: string, at: number): void {
  const bytes = readFileSync(path);
  (bytes[at] as number) ^= 4;
  writeFileSync(path, bytes);
}

/** Empties the second segment, as retention does: the file, and then a line of the manifest. */
function prune(dir: string): void {
  const other = madeFolder();
  writeArchive(other, PARTITION, [
    { isSealed: true, commits: commits(1, 10) },
    { isSealed: true, commits: commits(11, 20, 'shop').map((c) => ({ ...c, isPruned: true })) },
  ]);
  const gz = readFileSync(segmentPath(other, 11));
  writeFileSync(segmentPath(dir, 11), gz);
  const path = manifestPath({ dir, partition: PARTITION });
  const last = readFileSync(path, 'utf8').trimEnd().split('\n').at(-1) as string;
  const fact = {
    kind: 'pruned',
    firstSeq: 11,
    lastSeq: 20,
    pruned: 10,
    bytes: 1,
    gzBytes: gz.length,
    sha256: sha256(gz),
    projects: [],
    reason: 'test',
    prunedAtMs: 1,
  } as const;
  appendFileSync(path, `${encodeManifestLine(fact, manifestHash(last, sha256))}\n`);
}
