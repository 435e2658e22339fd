import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { waitUntil } from '@torch/testing';
import { checkedArchive, entry, unsigned } from './archive.fixture';
import { archiveHead } from './archive-head';
import { lockArchive } from './archive-lock.adapter';
import { type ArchivePlace, openSegmentName, partitionDir, sealedSegmentName } from './archive.layout';
import { readArchive } from './archive.reader';
import { openArchive, type OpenArchive, type PartitionArchive } from './partition-archive';

let dir: string;
let place: ArchivePlace;
let archive: PartitionArchive | undefined;

const open = async (more: Partial<OpenArchive> = {}): Promise<PartitionArchive> =>
  (archive = await openArchive({ ...place, sign: unsigned, ...more, config: { retryMs: 20, ...more.config } }));
const big = (seq: number) => entry(seq, 'y'.repeat(2000));

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'torch-archive-'));
  place = { dir, partition: 3 };
});
afterEach(async () => {
  await archive?.close();
  archive = undefined;
  rmSync(dir, { recursive: true });
});

describe('an archive on a real file system', () => {
  it('is for its owner alone', async () => {
    const { add, flush, seal } = await opened();
    add(1, 5);
    await flush();
    await seal();
    add(6, 9);
    await flush();
    expect(statSync(partitionDir(place)).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(partitionDir(place)))
      expect([name, statSync(join(partitionDir(place), name)).mode & 0o777]).toEqual([name, 0o600]);
    expect((await checkedArchive(place)).records).toBe(9);
  });

  async function opened() {
    const made = await open();
    return {
      add: (from: number, to: number) => {
        for (let seq = from; seq <= to; seq++) made.add(entry(seq));
      },
      flush: () => made.flush(),
      seal: () => made.seal(),
    };
  }

  it('is read without a loss or a double while it is written and sealed', async () => {
    const made = await open({ config: { groupMs: 0, segmentBytes: 3000, segmentMs: 60_000 } });
    const total = 1500;
    let written = 0;
    const writing = (async () => {
      for (let seq = 1; seq <= total; seq++) {
        made.add(entry(seq));
        if (seq % 10 === 0) written = (await made.flush()).seq;
      }
    })();
    let reads = 0;
    while (written < total) {
      const atLeast = written;
      let next = 1;
      for await (const batch of readArchive(place))
        for (const { position, body } of batch) {
          expect(position.seq).toBe(next);
          expect(body).toBe(entry(next++).body);
        }
      expect(next - 1).toBeGreaterThanOrEqual(atLeast);
      reads++;
    }
    await writing;
    expect(reads).toBeGreaterThan(3);
    expect(made.status.sealedSegments).toBeGreaterThan(3);
  });

  it('is read from the middle, and up to the middle', async () => {
    const made = await open();
    for (let seq = 1; seq <= 30; seq++) {
      made.add(entry(seq));
      if (seq % 10 === 0) await made.seal();
    }
    const seqs: number[] = [];
    for await (const batch of readArchive({ ...place, afterSeq: 8, throughSeq: 22 }))
      seqs.push(...batch.map(({ position }) => position.seq));
    expect(seqs).toEqual(Array.from({ length: 14 }, (_, i) => i + 9));
    expect(await archiveHead(place)).toMatchObject({ seq: 30 });
  });

  it('names the record that is missing, and a segment that is not whole', async () => {
    const made = await open();
    for (let seq = 1; seq <= 30; seq++) {
      made.add(big(seq));
      if (seq % 10 === 0) await made.seal();
    }
    const second = join(partitionDir(place), sealedSegmentName(11));
    const whole = readFileSync(second);
    const read = async () => {
      for await (const batch of readArchive(place)) expect(batch.length).toBeGreaterThan(0);
    };
    writeFileSync(second, whole.subarray(0, whole.length / 2));
    await expect(read()).rejects.toThrow(/not whole/);
    writeFileSync(second, gzipSync('not a record\n'));
    await expect(read()).rejects.toMatchObject({ name: 'ArchiveBroken', position: '11-1' });
    rmSync(second);
    await expect(read()).rejects.toMatchObject({ name: 'ArchiveBroken', position: '11-1' });
  });

  it('refuses a segment that its manifest does not list, and changes nothing', async () => {
    mkdirSync(partitionDir(place));
    writeFileSync(join(partitionDir(place), sealedSegmentName(1)), gzipSync(''));
    await expect(open()).rejects.toThrow('not listed');
    expect(readdirSync(partitionDir(place)).filter((name) => name.startsWith('segment'))).toEqual([sealedSegmentName(1)]);
  });
});

describe('the lock of an archive', () => {
  const path = (): string => join(partitionDir(place), 'lock');
  const holder = (more: object): void => {
    mkdirSync(partitionDir(place), { recursive: true });
    writeFileSync(path(), JSON.stringify({ host: hostname(), pid: 1, startedAt: '', ...more }));
  };

  it('keeps a second writer out until the first has let go', async () => {
    const first = await open();
    await expect(openArchive({ ...place, sign: unsigned })).rejects.toThrow(`process ${process.pid}`);
    await first.close();
    await open();
  });

  it('is taken over at once from a process that is dead', async () => {
    const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
    await new Promise((resolve) => child.once('exit', resolve));
    holder({ pid: child.pid });
    expect((await open()).durable.seq).toBe(0);
  });

  it('is taken over at once when the pid has passed to another process', async () => {
    holder({ pid: process.pid, startedAt: 'another start' });
    await open();
  });

  it('of another machine is taken over when it was not renewed, and its holder notices', async () => {
    holder({ host: 'another-machine' });
    await expect(open()).rejects.toThrow('another-machine');
    const past = new Date(Date.now() - 60_000);
    utimesSync(path(), past, past);
    const lock = await lockArchive(path(), 10_000);
    await lock.assertHeld();
    utimesSync(path(), past, past);
    holder({ host: 'another-machine' });
    utimesSync(path(), past, past);
    const next = await lockArchive(path(), 10_000);
    await expect(lock.assertHeld()).rejects.toThrow('taken over');
    await lock.release(); // It lets go of what is not its own any more.
    await next.assertHeld();
    await next.release();
  });
});

/** A file system of its own, where this machine and user may mount one. */
function smallDisk(bytes: number): { path: string; unmount(): void } | undefined {
  const path = mkdtempSync(join(tmpdir(), 'torch-small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    rmSync(path, { recursive: true });
    return undefined;
  }
  return {
    path,
    unmount: () => {
      execFileSync('umount', [path]);
      rmSync(path, { recursive: true });
    },
  };
}

const small = smallDisk(256 * 1024);
afterAll(() => small?.unmount());

(small ? describe : describe.skip)('an archive on a disk that gets full', () => {
  it('stops at what is durable, says so, and goes on when there is room', async () => {
    place = { dir: join(small?.path ?? '', 'archive'), partition: 3 };
    const filler = join(small?.path ?? '', 'filler');
    writeFileSync(filler, Buffer.alloc(128 * 1024));
    const made = await open({ config: { groupMs: 0, checkpointMs: 60_000 } });
    let added = 0;
    while (!made.status.failing && added < 500) {
      made.add(big(++added));
      if (added % 5 === 0) await Promise.race([made.flush(), waitUntil(() => made.status.failing, { what: 'a full disk' })]);
    }
    expect(made.status.failing).toMatchObject({ activity: 'append', code: 'ENOSPC' });
    const { seq } = made.durable;
    expect(seq).toBeLessThan(added);
    rmSync(filler);
    expect((await made.flush()).seq).toBe(added);
    expect(made.status.failing).toBeUndefined();
    await made.close();
    expect(await checkedArchive(place)).toMatchObject({ records: added });
  });

  it('survives to be opened again when it was full at the end', async () => {
    place = { dir: join(small?.path ?? '', 'again'), partition: 3 };
    const made = await open({ config: { groupMs: 0, checkpointMs: 60_000 } });
    let added = 0;
    while (!made.status.failing && added < 500) {
      made.add(big(++added));
      if (added % 5 === 0) await Promise.race([made.flush(), waitUntil(() => made.status.failing, { what: 'a full disk' })]);
    }
    const { seq } = made.durable;
    await made.close();
    rmSync(join(small?.path ?? '', 'archive'), { recursive: true, force: true });
    const again = await open();
    // What was not durable may be there all the same, as far as it is whole.
    const found = again.durable.seq;
    expect(found).toBeGreaterThanOrEqual(seq);
    again.add(big(found + 1));
    await again.flush();
    expect(openSegmentName(1)).toBe(readdirSync(partitionDir(place)).find((name) => name.startsWith('segment')));
    expect((await checkedArchive(place)).records).toBe(found + 1);
  });
});
