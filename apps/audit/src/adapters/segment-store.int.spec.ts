import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { archiveHead, ensureLogNote, NODE_DISK, openArchive, type PartitionArchive, readLogNote, UPLOADS_DEFAULTS } from '@torch/archive';
import { GateShut } from '@torch/log';
import { waitUntil } from '@torch/testing';
import { restoreNewMachine, SegmentStore } from './segment-store.adapter';

const PARTITION = 3;

describe('the store of sealed segments', () => {
  let root: string;
  let archive: PartitionArchive;
  let here: SegmentStore;

  const config = () => ({ ...UPLOADS_DEFAULTS, uploadRetryMs: 10, uploadRetryMsMax: 20, url: `file://${join(root, 'store')}` });
  const storeOf = (machine: string) => new SegmentStore({ archiveDir: join(root, machine) }, config());

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'torch-segment-store-'));
    const dir = join(root, 'here');
    await ensureLogNote({ dir, identity: { logId: 'the-log', partitions: 8 }, nowMs: 1 });
    here = storeOf('here');
    archive = await openArchive({
      dir,
      partition: PARTITION,
      sign: () => 'signed\n',
      onSealed: () => here.sealed(archive, PARTITION),
    });
  });
  afterEach(async () => {
    await here.released(PARTITION);
    await archive.close();
    rmSync(root, { recursive: true });
  });

  async function seal(...seqs: number[]): Promise<void> {
    for (const seq of seqs) archive.add({ position: { seq, generation: 0 }, body: '{}' });
    await archive.seal();
  }
  const uploaded = (count: number) =>
    waitUntil(() => archive.facts.filter(({ kind }) => kind === 'uploaded').length === count, { what: `${count} uploads` });
  const seqOf = async (machine: string) => (await archiveHead({ dir: join(root, machine), partition: PARTITION })).seq;

  it('makes the archive of a new machine, and brings that of an older one up to date', async () => {
    await seal(1, 2, 3);
    await uploaded(1);
    await waitUntil(() => existsSync(join(root, 'store', 'p03', 'manifest.ndjson')), { what: 'the manifest in the store' });
    await restoreNewMachine(join(root, 'new'), config());
    expect(await readLogNote({ dir: join(root, 'new') })).toMatchObject({ logId: 'the-log' });
    await storeOf('new').restore(PARTITION, NODE_DISK);
    expect(await seqOf('new')).toBe(3);
    await seal(4, 5);
    await uploaded(2);
    const there = storeOf('new');
    await waitUntil(async () => (await there.restore(PARTITION, NODE_DISK), (await seqOf('new')) === 5), { what: 'the rest' });
  });

  it('keeps the gate shut where its history is another one', async () => {
    await seal(1);
    await uploaded(1);
    await here.released(PARTITION);
    await ensureLogNote({ dir: join(root, 'other'), identity: { logId: 'another-log', partitions: 8 }, nowMs: 1 });
    await waitUntil(
      () =>
        storeOf('other')
          .restore(PARTITION, NODE_DISK)
          .then(
            () => false,
            (error: unknown) => error instanceof GateShut,
          ),
      {
        what: 'the refusal',
      },
    );
  });

  it('does not keep anybody from working while it is away, and says that it is', async () => {
    writeFileSync(join(root, 'store'), 'not a directory');
    await here.restore(PARTITION, NODE_DISK);
    await seal(1);
    const failing = await waitUntil(() => here.failing(PARTITION), { what: 'the alarm' });
    expect(failing).toMatchObject({ activity: 'upload', code: 'ENOTDIR' });
    rmSync(join(root, 'store'));
    await uploaded(1);
    await waitUntil(() => here.failing(PARTITION) === undefined, { what: 'the recovery' });
  });
});
