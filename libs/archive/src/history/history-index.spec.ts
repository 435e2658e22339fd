import type { AnyEvent } from '@torch/kernel';
import type { LogEntry } from '@torch/log';
import fc from 'fast-check';
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ArchiveDisk } from '../archive-disk';
import { manifestPath } from '../archive.layout';
import { sha256 } from '../hashing';
import { NODE_DISK } from '../node-disk.adapter';
import { ArchiveLog } from './archive-log';
import { archive, commit, commits, newFolder, timeOf } from './archived.fixture';
import { causeKey, correlationKey, keysOf } from './event-keys';
import { HistoryIndex } from './history-index';

const indexDir = (dir: string): string => join(dir, 'p03', 'index');
const indexFiles = (dir: string): string[] => readdirSync(indexDir(dir)).sort();

const logs: ArchiveLog[] = [];
afterEach(() => Promise.all(logs.splice(0).map((log) => log.close())));

function indexOf(dir: string, options: { disk?: ArchiveDisk; built?: number[] } = {}): HistoryIndex {
  const { disk, built } = options;
  const log = new ArchiveLog({ dir });
  logs.push(log);
  return new HistoryIndex({ dir, partition: 3, disk, log, onBuilding: (segment) => built?.push(segment) });
}

describe('the index of a history', () => {
  const entries = commits(40);
  const about = (key: string, among: readonly LogEntry[] = entries): number[] =>
    among
      .filter(({ body }) => (JSON.parse(body) as { events: AnyEvent[] }).events.some((event) => keysOf(event).includes(key)))
      .map(({ position }) => position.seq);
  let dir: string;
  beforeEach(async () => {
    dir = newFolder();
    await archive(dir, 3, entries.slice(0, 30), [10, 20]);
  });

  it('names where a subject occurs, in sealed segments, in the open one and in the log server', async () => {
    const hot = {
      read: async (_: number, afterSeq: number, limit: number) => entries.slice(afterSeq, afterSeq + limit),
      head: async () => ({ seq: 40, generation: 0 }),
      first: async () => ({ seq: 1, generation: 0 }),
    };
    const index = new HistoryIndex({ dir, partition: 3, log: new ArchiveLog({ dir, hot }) });
    expect(await index.seqsOf(['task/t7'])).toEqual([7, 17, 27, 37]);
    expect(await index.seqsOf(['task/t7', 'task/t1', 'task/t7'])).toEqual([1, 7, 11, 17, 21, 27, 31, 37]);
    expect(await index.seqsOf([correlationKey('c1')])).toEqual(about('correlation/c1'));
    expect(await index.seqsOf(['task/none'])).toEqual([]);
  });

  it('knows what an event’s data names, and what led to it', async () => {
    const other = newFolder();
    const named = commits(3, (seq) => ({ causationId: `cmd-${seq}`, data: { agentId: `a${seq}`, attempt: seq } }));
    await archive(other, 3, named, [3]);
    expect(await indexOf(other).seqsOf(['agent/a2'])).toEqual([2]);
    expect(await indexOf(other).seqsOf([causeKey('cmd-3')])).toEqual([3]);
  });

  it('gives the entries themselves', async () => {
    const found: LogEntry[] = [];
    for await (const entry of indexOf(dir).entriesAt([2, 3, 15, 29])) found.push(entry);
    expect(found).toEqual([2, 3, 15, 29].map((seq) => entries[seq - 1]));
  });

  it('knows what had happened by a time', async () => {
    const index = indexOf(dir);
    expect(await index.seqAt(timeOf(1) - 1)).toBe(0);
    for (const seq of [1, 9, 10, 11, 20, 25, 30]) {
      expect(await index.seqAt(timeOf(seq))).toBe(seq);
      expect(await index.seqAt(timeOf(seq) - 1)).toBe(seq - 1);
    }
    expect(await index.seqAt(timeOf(100))).toBe(30);
    expect(await indexOf(newFolder()).seqAt(0)).toBe(0);
  });

  it('counts what came before something later as happened, though its clock was ahead', async () => {
    const other = newFolder();
    const times = [100, 300, 200, 400];
    await archive(
      other,
      3,
      times.map((recordedAtMs, i) => commit({ seq: i + 1, generation: 0 }, { recordedAtMs })),
      [3],
    );
    const index = indexOf(other);
    expect(await Promise.all([100, 200, 299, 300, 399, 400].map((atMs) => index.seqAt(atMs)))).toEqual([1, 1, 1, 3, 3, 4]);
  });

  it('is kept for sealed segments, and not built again', async () => {
    const built: number[] = [];
    await indexOf(dir, { built }).seqsOf(['task/t1']);
    expect(built).toEqual([1, 2]);
    expect(indexFiles(dir)).toEqual(['history-0000000000000001.idx', 'history-0000000000000011.idx']);
    await indexOf(dir, { built }).seqsOf(['task/t1']);
    expect(built).toEqual([1, 2]);
  });

  const damages: [string, (path: string) => void][] = [
    ['deleted', (path) => rmSync(path)],
    ['emptied', (path) => truncateSync(path, 0)],
    ['cut', (path) => truncateSync(path, statSync(path).size - 8)],
    ['overwritten', (path) => writeFileSync(path, 'no index\n')],
    ['no object', (path) => writeFileSync(path, 'null\n')],
    ['of another format', (path) => writeFileSync(path, readFileSync(path, 'latin1').replace('"format":1', '"format":0'), 'latin1')],
    [
      'changed in one byte',
      (path) => {
        const bytes = readFileSync(path);
        bytes[bytes.length - 20] = (bytes[bytes.length - 20] as number) ^ 1;
        writeFileSync(path, bytes);
      },
    ],
    ['of another segment', (path) => writeFileSync(path, readFileSync(path.replace('0001.idx', '0011.idx')))],
  ];
  it.each(damages)('is built again when it is %s', async (_, damage) => {
    await indexOf(dir).seqsOf(['task/t1']);
    const path = join(indexDir(dir), 'history-0000000000000001.idx');
    const before = readFileSync(path);
    damage(path);
    const built: number[] = [];
    expect(await indexOf(dir, { built }).seqsOf(['task/t7'])).toEqual([7, 17, 27]);
    expect(built).toEqual([1]);
    expect(readFileSync(path)).toEqual(before);
  });

  it('is built again when its segment has become another one', async () => {
    await indexOf(dir).seqsOf(['task/t1']);
    const manifest = readFileSync(manifestPath({ dir, partition: 3 }), 'utf8').split('\n');
    const sealed = JSON.parse(manifest[0] as string) as { sha256: string; bytes: number; gzBytes: number };
    const pruned = {
      kind: 'pruned',
      firstSeq: 1,
      lastSeq: 10,
      pruned: 1,
      bytes: sealed.bytes,
      gzBytes: sealed.gzBytes,
      sha256: sha256('other'),
      projects: [],
      reason: 'spec',
      prunedAtMs: 1,
      previous: sha256(Buffer.from(manifest[1] as string)),
    };
    writeFileSync(manifestPath({ dir, partition: 3 }), `${manifest[0]}\n${manifest[1]}\n${JSON.stringify(pruned)}\n`);
    const built: number[] = [];
    await indexOf(dir, { built }).seqsOf(['task/t1']);
    expect(built).toEqual([1]);
  });

  it('works from an archive that nothing can be written to', async () => {
    const refuse = (): Promise<never> => Promise.reject(Object.assign(new Error('read-only'), { code: 'EROFS' }));
    const disk: ArchiveDisk = { ...NODE_DISK, makeDir: refuse, openToWrite: refuse, rename: refuse };
    expect(await indexOf(dir, { disk }).seqsOf(['task/t7'])).toEqual([7, 17, 27]);
    expect(readdirSync(join(dir, 'p03'))).not.toContain('index');
  });

  it('reads a segment through that the manifest does not know', async () => {
    const path = manifestPath({ dir, partition: 3 });
    await indexOf(dir).seqsOf(['task/t1']);
    writeFileSync(path, '');
    expect(await indexOf(dir).seqsOf(['task/t7'])).toEqual([7, 17, 27]);
    expect(await indexOf(dir).seqAt(timeOf(12))).toBe(12);
  });

  it('misses nothing, whatever the log holds', async () => {
    const id = fc.constantFrom('a', 'b', 'c', 'ä/ö', 'x'.repeat(60));
    const event = fc.record({ subject: id.map((x) => `task/${x}`), correlationId: id, data: fc.record({ agentId: id, note: id }) });
    const log = fc.array(fc.record({ event, recordedAtMs: fc.integer({ min: 1, max: 50 }) }), { minLength: 1, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(log, fc.integer({ min: 1, max: 25 }), fc.integer({ min: 0, max: 51 }), async (made, sealBehind, atMs) => {
        const folder = newFolder();
        const all = made.map(({ event: fields, recordedAtMs }, i) =>
          commit({ seq: i + 1, generation: 0 }, { event: fields, recordedAtMs }),
        );
        await archive(folder, 3, all, [sealBehind]);
        const index = indexOf(folder);
        for (const key of new Set(
          made.flatMap(({ event: { subject, correlationId, data } }) => [subject, `agent/${data.agentId}`, correlationKey(correlationId)]),
        ))
          expect(await index.seqsOf([key])).toEqual(about(key, all));
        const later = made.findIndex(({ recordedAtMs }) => recordedAtMs > atMs);
        expect(await index.seqAt(atMs)).toBe(later < 0 ? made.length : later);
      }),
      { numRuns: 15 },
    );
  });
});
