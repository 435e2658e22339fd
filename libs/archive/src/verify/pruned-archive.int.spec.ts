import { CHECKPOINT, MANIFEST } from '../archive.layout';
import { NODE_DISK } from '../node-disk.adapter';
import { checkpointSigner } from '../notary/checkpoint.signer';
import { inclusionProblem, newestCheckpoint, proveInclusion } from '../notary/proofs';
import { openArchive } from '../partition-archive';
import { pruneArchive } from '../retention/archive.pruning';
import { type BuiltArchive, buildArchive, LOG_ID } from './built-archive.fixture';
import { ArchiveInWrongHands, recordOf } from './tampering.fixture';
import { verifyArchive, type VerifyArchive } from './verify-archive';

let built: BuiltArchive;
let hands: ArchiveInWrongHands;
beforeEach(async () => {
  built = await buildArchive({ segments: [60, 60, 60], eventsEach: 2 });
  hands = new ArchiveInWrongHands(built.dir);
});
afterEach(() => built.remove());

/** A third of all records, those of one project, lose their content in every sealed segment. */
async function prune(): Promise<void> {
  const place = { dir: built.dir, partition: 0 };
  const archive = await openArchive({ ...place, sign: checkpointSigner({ logId: LOG_ID, partition: 0, signer: () => built.key }) });
  const expiry = () => Promise.resolve(new Map([['project-1', Number.MAX_SAFE_INTEGER]]));
  await pruneArchive({
    place,
    disk: archive.fence.disk,
    belowSeq: Infinity,
    expiry,
    note: (fact) => archive.note(fact),
    reason: 'retention of project-1',
  });
  await archive.close();
}

const verdict = async (more: Partial<VerifyArchive> = {}) =>
  (await verifyArchive({ dir: built.dir, keys: built.keys, ...more })).partitions[0];

describe('an archive that retention took content out of', () => {
  it('is as sound as before, and says how much is gone', async () => {
    const before = await verdict();
    await prune();
    expect(await verdict()).toEqual({ ...before, pruned: 40 });
  });

  it('still proves that a commit without content was there', async () => {
    await prune();
    const newest = await newestCheckpoint({ dir: built.dir, partition: 0 }, built.keys);
    const proof = await proveInclusion({ dir: built.dir, partition: 0 }, 4, newest!);
    expect(proof.commit).toBeUndefined();
    expect(inclusionProblem(proof, built.keys)).toBeUndefined();
  });

  it('is not sound when more is gone than the manifest tells of, or a leaf is another', async () => {
    await prune();
    const [first = ''] = hands.segments();
    hands.change(first, (lines) => lines.with(4, lines[4]!.replace(/"commit":.*/, `"leaf":"${recordOf(lines[4]!).leaf}"}`)));
    expect(await verdict()).toMatchObject({ ok: false, badPosition: '1-0', problem: expect.stringContaining('records without content') });
    hands.change(first, (lines) => lines.with(3, lines[3]!.replace(/"leaf":"./, '"leaf":"0').replace(/"leaf":"0(?=0)/, '"leaf":"1')));
    expect((await verdict())?.ok).toBe(false);
  });

  it('is not sound when no checkpoint was signed since', async () => {
    const checkpoint = hands.lines(CHECKPOINT);
    await prune();
    expect((await verdict())?.ok).toBe(true);
    hands.writeLines(CHECKPOINT, checkpoint);
    expect(await verdict()).toMatchObject({
      ok: false,
      badPosition: '1-0',
      problem: expect.stringContaining('no checkpoint was signed since'),
    });
    expect(hands.lines(MANIFEST)).toHaveLength(4);
  });

  it('may be pruned while it is checked', async () => {
    let opened = 0;
    const disk = {
      ...NODE_DISK,
      openToRead: async (path: string) => {
        // Once for its size; by the second time the manifest has been read.
        if (path === hands.path(hands.segments()[0]!) && ++opened === 2) await prune();
        return NODE_DISK.openToRead(path);
      },
    };
    expect(await verdict({ disk })).toMatchObject({ ok: true, records: 180, events: 360, pruned: 40, checkpointsVerified: 3 });
    expect(opened).toBe(3);
  });
});
