import { createHash } from 'node:crypto';
import { SeededRandom } from '@torch/testing';
import { checkedArchive, unlocked, unsigned } from '../archive.fixture';
import { type ArchivePlace, sealedSegmentName } from '../archive.layout';
import { readArchive } from '../archive.reader';
import { readManifest } from '../manifest.reader';
import { openArchive, type PartitionArchive } from '../partition-archive';
import { SimulatedDisk } from '../simulated-disk.fixture';
import { type ArchivePruned, pruneArchive } from './archive.pruning';
import { type Expiry, isExpired } from './expired-commit';

const PLACE: ArchivePlace = { dir: '/archive', partition: 3 };
const RECORDS = 60;
/** Every third commit is of one project, of both, of none. */
const PROJECTS = [['old'], ['old', 'kept'], []];

const bodyOf = (seq: number): string =>
  JSON.stringify({
    service: 'scheduler',
    recordedAtMs: 1000 + seq,
    answers: seq % 2 === 0 ? (PROJECTS[seq % 3] ?? []).map((project) => [`${project}/id-${seq}`]) : [],
    events: (PROJECTS[seq % 3] ?? []).map((project) => ({ type: 'task.submitted', project, text: `secret of ${project} ${seq} €` })),
  });

const expiring = (seq: number): boolean => seq % 3 === 0 && 1000 + seq < 1050;
const EXPIRY: Expiry = new Map([['old', 1050]]);

const open = (disk: SimulatedDisk): Promise<PartitionArchive> =>
  openArchive({ ...PLACE, disk, lock: unlocked, sign: unsigned, config: { groupMs: 0, segmentBytes: 1500, checkpointMs: 1, retryMs: 1 } });

async function built(disk = new SimulatedDisk()): Promise<SimulatedDisk> {
  const archive = await open(disk);
  for (let seq = 1; seq <= RECORDS; seq++) {
    archive.add({ position: { seq, generation: 0 }, body: bodyOf(seq) });
    if (seq % 6 === 0) await archive.flush();
  }
  await archive.seal();
  await archive.close();
  return disk;
}

const prune = (archive: PartitionArchive, more: { dryRun?: boolean; expiry?: () => Promise<Expiry> } = {}): Promise<ArchivePruned> =>
  pruneArchive({
    place: PLACE,
    disk: archive.fence.disk,
    belowSeq: Infinity,
    expiry: async () => EXPIRY,
    note: (fact) => archive.note(fact),
    reason: 'retention',
    nowMs: () => 9,
    ...more,
  });

async function bodies(disk: SimulatedDisk): Promise<(string | undefined)[]> {
  const found: (string | undefined)[] = [];
  for await (const batch of readArchive({ ...PLACE, disk })) for (const { body } of batch) found.push(body);
  return found;
}

/** Chain, tree, and the files as the manifest describes them; every commit that has not expired, byte for byte. */
async function expectSound(disk: SimulatedDisk, root: string): Promise<number> {
  const checked = await checkedArchive(PLACE, disk);
  expect([checked.fault, checked.records, checked.root]).toEqual([undefined, RECORDS, root]);
  let pruned = 0;
  for (const [i, body] of (await bodies(disk)).entries()) {
    if (body === undefined) pruned++;
    else expect(body).toBe(bodyOf(i + 1));
    if (body === undefined) expect(expiring(i + 1)).toBe(true);
  }
  for (const fact of (await readManifest(PLACE, disk)).sealed) {
    const file = disk.read(`/archive/p03/${sealedSegmentName(fact.firstSeq)}`) as Buffer;
    expect([file.length, createHash('sha256').update(file).digest('hex')]).toEqual([fact.gzBytes, fact.sha256]);
  }
  return pruned;
}

describe('a commit', () => {
  const commit = (recordedAtMs: number, events: object[], answers: unknown[] = []): string =>
    JSON.stringify({ recordedAtMs, events, answers });

  it.each([
    [true, commit(1049, [{ project: 'old' }])],
    [false, commit(1050, [{ project: 'old' }])],
    [false, commit(1, [{ project: 'old' }, { project: 'kept' }])],
    [false, commit(1, [])],
    [true, commit(1, [], [['old/x', 'code', 'a message']])],
    [false, commit(1, [{ project: 'old' }], [['kept/x']])],
    [false, commit(1, [{ project: 'old' }], [['x']])],
    [false, commit(1, [{ project: 'torch' }])],
    [false, commit(1, [{}])],
    [false, 'no JSON'],
    [false, 'null'],
  ])('has expired: %s, %s', (expected, body) => expect(isExpired(body, EXPIRY)).toBe(expected));
});

describe('pruning an archive', () => {
  it('takes expired commits out, and leaves everything else as it is and provable', async () => {
    const disk = await built();
    const { root } = await checkedArchive(PLACE, disk);
    const archive = await open(disk);
    const outcome = await prune(archive);
    await archive.close();
    const expected = Array.from({ length: RECORDS }, (_, i) => i + 1).filter(expiring);
    expect(outcome).toMatchObject({ records: expected.length, firstSeq: 3, lastSeq: 48 });
    expect(await expectSound(disk, root)).toBe(expected.length);
    for (const fact of (await readManifest(PLACE, disk)).sealed) expect(fact.projects).toEqual(expect.arrayContaining(['kept']));
    const again = await open(disk);
    expect(await prune(again)).toMatchObject({ segments: 0, records: 0 });
    await again.close();
  });

  it('changes nothing in a dry run, and says what it would', async () => {
    const disk = await built();
    const before = await bodies(disk);
    const archive = await open(disk);
    const planned = await prune(archive, { dryRun: true });
    expect(await bodies(disk)).toEqual(before);
    expect((await prune(archive)).records).toBe(planned.records);
    await archive.close();
  });

  it('leaves a segment alone when its project comes to be held while it is written anew', async () => {
    const disk = await built();
    const { root } = await checkedArchive(PLACE, disk);
    const archive = await open(disk);
    let asked = 0;
    const outcome = await prune(archive, { expiry: async () => (++asked % 3 === 0 ? new Map() : EXPIRY) });
    expect(outcome).toMatchObject({ segments: 0, records: 0 });
    await archive.close();
    expect(await expectSound(disk, root)).toBe(0);
    expect((await disk.list('/archive/p03')).filter((name) => /pruned|kept/.test(name))).toEqual([]);
  });

  it('that a crash interrupts anywhere leaves each segment as it was or pruned, and can be done again', async () => {
    const disk = await built();
    const { root } = await checkedArchive(PLACE, disk);
    const random = new SeededRandom(11);
    const base = disk.rebooted(random);
    const all = Array.from({ length: RECORDS }, (_, i) => i + 1).filter(expiring).length;
    const probe = base.rebooted(random);
    const archive = await open(probe);
    const opened = probe.operations;
    await prune(archive);
    const operations = probe.operations;
    await archive.close();
    for (let crashAt = opened + 1; crashAt <= operations; crashAt++) {
      const crashing = base.rebooted(random);
      const interrupted = await open(crashing);
      crashing.crashAt = crashAt;
      await prune(interrupted).catch(() => undefined);
      await interrupted.close().catch(() => undefined);
      const after = crashing.rebooted(random);
      const reopened = await open(after);
      const done = await expectSound(after, root);
      expect((await prune(reopened)).records).toBe(all - done);
      await reopened.close();
      expect(await expectSound(after, root)).toBe(all);
    }
  }, 60_000);
});
