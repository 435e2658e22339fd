import { decodeRecord, encodeRecord, leafHash } from '@torch/domain-audit';
import { checkContiguity, Gap, type LogEntry, LogRegressed, type Position, START } from '@torch/log';
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ArchiveDisk } from '../archive-disk';
import { sha256 } from '../hashing';
import { NODE_DISK } from '../node-disk.adapter';
import { ArchiveLog, type ArchiveLogOptions, type ReadableLog } from './archive-log';
import { archive, commit, commits, newFolder } from './archived.fixture';
import { HistoryForked } from './history.errors';
import { PRUNED_BODY } from './pruned-body';

/** A log server that begins with its first entry, wherever that is. */
function hotLog(entries: readonly LogEntry[]): ReadableLog {
  const head = (): Position => entries.at(-1)?.position ?? START;
  return {
    head: async () => head(),
    first: async () => entries[0]?.position,
    async read(partition, afterSeq, limit) {
      const page = entries.filter(({ position }) => position.seq > afterSeq).slice(0, limit);
      checkContiguity({ partition, afterSeq, entries: page, headBefore: head() });
      return page;
    },
  };
}

async function readAll(log: ReadableLog, page: number, afterSeq = 0): Promise<LogEntry[]> {
  const all: LogEntry[] = [];
  for (let seq = afterSeq; ;) {
    const entries = await log.read(3, seq, page);
    if (entries.length === 0) return all;
    all.push(...entries);
    seq = entries.at(-1)?.position.seq as number;
  }
}

const logs: ArchiveLog[] = [];
afterEach(() => Promise.all(logs.splice(0).map((log) => log.close())));

function open(options: ArchiveLogOptions): ArchiveLog {
  const log = new ArchiveLog(options);
  logs.push(log);
  return log;
}

describe('the whole history as one log', () => {
  const entries = commits(40);
  let dir: string;
  beforeAll(async () => {
    dir = newFolder();
    await archive(dir, 3, entries.slice(0, 30), [10, 20]);
  });

  it.each([1, 7, 100])('is read in order in pages of %d, from the archive and then from the log server', async (page) => {
    const log = open({ dir, hot: hotLog(entries.slice(25)) });
    expect(await readAll(log, page)).toEqual(entries);
    expect(await log.head(3)).toEqual({ seq: 40, generation: 0 });
    expect(await log.first(3)).toEqual({ seq: 1, generation: 0 });
    expect(await log.archived(3)).toEqual({ seq: 30, generation: 0 });
  });

  it('goes on where the log server has been trimmed to exactly what is not archived', async () => {
    expect(await readAll(open({ dir, hot: hotLog(entries.slice(30)) }), 100)).toEqual(entries);
  });

  it('is the archive alone when there is no log server, and when that has lost what is archived', async () => {
    for (const hot of [undefined, hotLog([]), hotLog(entries.slice(0, 12))]) {
      const log = open({ dir, hot });
      expect(await readAll(log, 9)).toEqual(entries.slice(0, 30));
      expect(await log.head(3)).toEqual({ seq: 30, generation: 0 });
      await expect(log.read(3, 31, 1)).rejects.toThrow(LogRegressed);
    }
  });

  it('is the log server alone where nothing is archived', async () => {
    const log = open({ dir: newFolder(), hot: hotLog(entries) });
    expect(await readAll(log, 7)).toEqual(entries);
    expect(await log.first(3)).toEqual({ seq: 1, generation: 0 });
    expect(await open({ dir: newFolder() }).first(3)).toBeUndefined();
  });

  it('can be read from anywhere, back and forth, and by two at a time', async () => {
    const log = open({ dir, hot: hotLog(entries.slice(25)) });
    for (const after of [28, 3, 11, 12, 9, 29, 0, 35])
      expect(await log.read(3, after, 2)).toEqual(entries.slice(after, Math.min(after + 2, after < 30 ? 30 : 40)));
    const both = await Promise.all([readAll(log, 3), readAll(log, 4, 5)]);
    expect(both).toEqual([entries, entries.slice(5)]);
  });

  it('opens each segment once for pages that follow each other', async () => {
    const opened: string[] = [];
    const disk: ArchiveDisk = { ...NODE_DISK, openToRead: (path) => (opened.push(path), NODE_DISK.openToRead(path)) };
    await readAll(open({ dir, disk }), 1);
    expect(opened.filter((path) => path.endsWith('.gz'))).toHaveLength(2);
  });

  it('does not begin anew for what is further on in the same segment', async () => {
    const opened: string[] = [];
    const disk: ArchiveDisk = { ...NODE_DISK, openToRead: (path) => (opened.push(path), NODE_DISK.openToRead(path)) };
    const log = open({ dir, disk });
    for (const after of [1, 4, 8]) expect(await log.read(3, after, 1)).toEqual([entries[after]]);
    expect(opened.filter((path) => path.endsWith('0000001.ndjson.gz'))).toHaveLength(1);
  });

  it('has a gap where the log server begins too late', async () => {
    await expect(open({ dir, hot: hotLog(entries.slice(31)) }).read(3, 0, 1)).rejects.toThrow(Gap);
  });

  it('has a gap where the log server goes back a generation', async () => {
    const later = newFolder();
    await archive(later, 3, [...entries.slice(0, 5), commit({ seq: 6, generation: 1 })]);
    const log = open({ dir: later, hot: hotLog([commit({ seq: 7, generation: 0 })]) });
    await expect(log.read(3, 6, 1)).rejects.toThrow(Gap);
  });

  it('names the first position at which the log server has another byte, or another generation', async () => {
    const changed = entries.map((entry, i) => (i === 27 ? { ...entry, body: entry.body.replace('backoff-over', 'retry-asked!') } : entry));
    await expect(open({ dir, hot: hotLog(changed) }).head(3)).rejects.toMatchObject({
      constructor: HistoryForked,
      position: { seq: 28, generation: 0 },
    });
    const regenerated = [...entries.slice(0, 29), ...[30, 31].map((seq) => commit({ seq, generation: 1 }))];
    await expect(open({ dir, hot: hotLog(regenerated) }).read(3, 0, 1)).rejects.toThrow('30-0');
  });

  it('finds in the grown archive what was trimmed from the log server meanwhile', async () => {
    const growing = newFolder();
    await archive(growing, 3, entries.slice(0, 10));
    let kept = entries.slice(5);
    const log = open({
      dir: growing,
      hot: {
        read: (p, after, limit) => hotLog(kept).read(p, after, limit),
        head: (p) => hotLog(kept).head(p),
        first: (p) => hotLog(kept).first(p),
      },
    });
    expect(await log.read(3, 9, 5)).toEqual(entries.slice(9, 10));
    await archive(growing, 3, entries.slice(10, 30));
    kept = entries.slice(30);
    expect(await readAll(log, 6, 10)).toEqual(entries.slice(10));
  });

  it('reads a record without content as a commit that says nothing, and counts it', async () => {
    const pruned = newFolder();
    await archive(pruned, 3, entries.slice(0, 4), [4]);
    pruneRecord(pruned, 2);
    const log = open({ dir: pruned, hot: hotLog(entries.slice(0, 6)) });
    expect((await readAll(log, 2)).map(({ body }) => body === PRUNED_BODY)).toEqual([false, true, false, false, false, false]);
    expect(log.pruned(3)).toEqual({ records: 1, throughSeq: 2 });
  });

  it('asks a log server again that was away', async () => {
    let away = true;
    const hot = hotLog(entries);
    const log = open({
      dir,
      hot: { ...hot, head: (partition) => (away ? Promise.reject(new Error('away')) : hot.head(partition)) },
    });
    await expect(log.head(3)).rejects.toThrow('away');
    away = false;
    expect(await log.head(3)).toEqual({ seq: 40, generation: 0 });
  });

  it('lets go of its files', async () => {
    const log = open({ dir });
    await log.read(3, 0, 1);
    const before = openFiles();
    await log.close();
    expect(openFiles()).toBe(before - 1);
  });
});

/** As retention does: the leaf stays in place of the commit. */
function pruneRecord(dir: string, seq: number): void {
  const path = join(dir, 'p03', readdirSync(join(dir, 'p03')).find((name) => name.endsWith('.gz')) as string);
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n');
  const record = decodeRecord(Buffer.from(lines[seq - 1] as string)) as unknown as { body: Uint8Array } & Parameters<
    typeof encodeRecord
  >[0];
  lines[seq - 1] = encodeRecord({ ...record, body: undefined, leaf: leafHash({ ...record, body: record.body }, sha256) });
  writeFileSync(path, gzipSync(`${lines.join('\n')}\n`));
}

/** How many files this process has open. */
function openFiles(): number {
  const probe = openSync('/proc/self/fd', 'r');
  closeSync(probe);
  return readdirSync('/proc/self/fd').length;
}
