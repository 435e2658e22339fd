import { createHash } from 'node:crypto';
import { SeededRandom } from '@torch/testing';
import { checkedArchive, entry, unlocked, unsigned } from './archive.fixture';
import { ArchiveFence } from './archive-fence';
import { archiveHead } from './archive-head';
import { type ArchivePlace, sealedSegmentName } from './archive.layout';
import { readManifest } from './manifest.reader';
import { openArchive, type OpenArchive, type PartitionArchive } from './partition-archive';
import { SimulatedDisk } from './simulated-disk.fixture';

const PLACE: ArchivePlace = { dir: '/archive', partition: 3 };
const RECORDS = 24;

const options = (disk: SimulatedDisk, more: Partial<OpenArchive> = {}): OpenArchive => ({
  ...PLACE,
  disk,
  lock: unlocked,
  sign: unsigned,
  config: { groupMs: 0, segmentBytes: 1500, checkpointMs: 1, retryMs: 1 },
  ...more,
});

/** Adds what is missing, in groups, until all is there or the machine has stopped. Tells what was called durable. */
async function work(disk: SimulatedDisk, durable: (seq: number) => void): Promise<void> {
  let archive: PartitionArchive | undefined;
  try {
    const opened = (archive = await openArchive(options(disk, { onDurable: ({ seq }) => durable(seq) })));
    durable(opened.durable.seq);
    const stopped = new Promise<never>((_, reject) => {
      const watch = setInterval(() => {
        if (disk.operations < disk.crashAt) return;
        clearInterval(watch);
        reject(new Error('The machine has stopped.'));
      }, 1);
      void opened.stopped.then(() => clearInterval(watch));
    });
    stopped.catch(() => undefined);
    for (let seq = opened.durable.seq + 1; seq <= RECORDS; seq++) {
      opened.add(entry(seq));
      if (seq % 4 === 0 || seq === RECORDS) await Promise.race([opened.flush(), stopped]);
    }
    await Promise.race([opened.seal(), stopped]);
  } catch (error) {
    if (disk.operations < disk.crashAt) throw error;
  } finally {
    await archive?.close().catch(() => undefined);
  }
}

async function expectSound(disk: SimulatedDisk, durableSeq: number): Promise<void> {
  const { seq } = await archiveHead(PLACE, disk);
  expect(seq).toBeGreaterThanOrEqual(durableSeq);
  const { bodies, fault, records, root } = await checkedArchive(PLACE, disk);
  expect(fault).toBeUndefined();
  expect(records).toBe(seq);
  expect(bodies).toEqual(Array.from({ length: seq }, (_, i) => entry(i + 1).body));
  const { sealed } = await readManifest(PLACE, disk);
  for (const fact of sealed) {
    const file = disk.read(`/archive/p03/${sealedSegmentName(fact.firstSeq)}`) as Buffer;
    expect([file.length, createHash('sha256').update(file).digest('hex')]).toEqual([fact.gzBytes, fact.sha256]);
  }
  const checkpoint = disk.read('/archive/p03/checkpoint');
  if (checkpoint) {
    const [size, hash] = checkpoint.toString().split(' ');
    expect(Number(size)).toBeLessThanOrEqual(seq);
    if (Number(size) === seq) expect(hash).toBe(root);
  }
}

/** As the next writer finds it, without changing what that one is to take over itself. */
async function takenOver(disk: SimulatedDisk, random: SeededRandom): Promise<SimulatedDisk> {
  const copy = disk.rebooted(random);
  await ArchiveFence.take({ place: PLACE, disk: copy, lock: unlocked });
  return copy;
}

/** Works through crash after crash; each start of the machine gets `stepsOf` operations further. */
async function survive(seed: number, firstCrashAt: number): Promise<boolean> {
  const random = new SeededRandom(seed * 1000 + firstCrashAt);
  let disk = new SimulatedDisk();
  let durableSeq = 0;
  disk.crashAt = firstCrashAt;
  let crashed = false;
  for (let starts = 0; starts < 6; starts++) {
    await work(disk, (seq) => (durableSeq = Math.max(durableSeq, seq)));
    if (disk.operations < disk.crashAt) break;
    crashed = true;
    disk = disk.rebooted(random);
    await expectSound(await takenOver(disk, random), durableSeq);
    disk.crashAt = starts < 4 ? random.int(1, 30) : Infinity;
  }
  await expectSound(disk, RECORDS);
  expect(disk.paths.filter((path) => path.endsWith('.tmp') || path.endsWith('.ndjson'))).toEqual(['/archive/p03/manifest.ndjson']);
  return crashed;
}

describe('an archive whose machine stops at any operation', () => {
  it.each([1, 2])(
    'has lost and doubled nothing that was durable, seed %i',
    async (seed) => {
      let crashAt = 1;
      while (await survive(seed, crashAt)) crashAt++;
      expect(crashAt).toBeGreaterThan(40);
    },
    120_000,
  );

  it.each(['sync', 'syncDir'] as const)('would lose what was durable if it did not wait for %s', async (operation) => {
    const disk = new SimulatedDisk();
    disk.liesAbout = operation;
    let durableSeq = 0;
    disk.crashAt = 40;
    await work(disk, (seq) => (durableSeq = Math.max(durableSeq, seq)));
    expect(durableSeq).toBeGreaterThan(0);
    const lost: boolean[] = [];
    for (let seed = 1; seed <= 20; seed++) {
      const found = disk.rebooted(new SeededRandom(seed));
      lost.push(
        await archiveHead(PLACE, found).then(
          ({ seq }) => seq < durableSeq,
          () => true,
        ),
      );
    }
    expect(lost).toContain(true);
  });
});
