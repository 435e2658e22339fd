import { join } from 'node:path';
import { NODE_DISK } from '../node-disk.adapter';
import { readGateNote, writeGateNote } from '../recovery/gate.note';
import { pruneArchive } from '../retention/archive.pruning';
import { listStates, writeState } from '../states/archived-states';
import { noteStates, readStatesNote } from '../states/states.note';
import { type CreatedBackup, createBackup } from './backup.create';
import { BackupRefused } from './backup.errors';
import { DataDirFixture, RECORDED_MS } from './backup.fixture';
import { restoreBackup, type RestoreBackup } from './backup.restore';
import { DirectoryStore } from './directory.store';

const NOW_MS = Date.UTC(2026, 10, 22);

let data: DataDirFixture;
let store: DirectoryStore;
beforeEach(async () => {
  data = await new DataDirFixture().begin();
  store = new DirectoryStore(data.backups);
});
afterEach(() => data.remove());

const create = (): Promise<CreatedBackup> =>
  createBackup({ archiveDir: data.archiveDir, store, settings: { env: {} }, version: '1', nowMs: NOW_MS, chance: '0000' });
const restored = (): string => join(data.root, 'restored');
const restore = (id: string, more: Partial<RestoreBackup> = {}) =>
  restoreBackup({ store, id, dataDir: restored(), nowMs: NOW_MS, ...more });

describe('a backup', () => {
  it('has the states that stand for what retention took out, and is not cut below them', async () => {
    await data.write(0, [10, 1]);
    const archive = await data.open(0);
    const place = { dir: data.archiveDir, partition: 0 };
    const { disk } = archive.fence;
    const at = { seq: 9, generation: 0 };
    async function* entries(): AsyncGenerator<readonly [string, string]> {
      yield ['snapshot:scheduler', 'all of it'];
    }
    await writeState(place, disk, { service: 'scheduler', position: at, seen: at, entries });
    await noteStates(place, disk, 9);
    const expiry = async () => new Map([['project-1', RECORDED_MS + 5]]);
    await pruneArchive({ place, disk, belowSeq: 9, expiry, note: (fact) => archive.note(fact), reason: 'retention' });
    await archive.close();
    const { manifest } = await create();
    await expect(restore(manifest.id, { point: { partition: 0, seq: 8 } })).rejects.toThrow(BackupRefused);
    await restore(manifest.id);
    const there = { dir: join(restored(), 'audit'), partition: 0 };
    expect(await listStates(there, NODE_DISK)).toEqual([{ service: 'scheduler', position: at, seen: at }]);
    expect((await readStatesNote(there, NODE_DISK)).neededSeq).toBe(9);
  });

  it('is not made of states that are ahead of what it holds', async () => {
    await data.write(0, [3]);
    const archive = await data.open(0);
    const ahead = { seq: 4, generation: 0 };
    async function* entries(): AsyncGenerator<readonly [string, string]> {
      yield ['snapshot:scheduler', 'of more'];
    }
    await writeState({ dir: data.archiveDir, partition: 0 }, archive.fence.disk, {
      service: 'scheduler',
      position: ahead,
      seen: ahead,
      entries,
    });
    await archive.close();
    await expect(create()).rejects.toThrow(/state of scheduler is of more/);
  });

  it('goes on above all generations that may have been given since it was made', async () => {
    await data.write(0, [5], 3);
    await writeGateNote({ dir: data.archiveDir, partition: 0 }, { incarnation: 'run-9', generation: 4 }, NODE_DISK);
    const { manifest } = await create();
    const DAY_MS = 24 * 3_600_000;
    await restore(manifest.id, { nowMs: NOW_MS + DAY_MS });
    for (const partition of [0, 1]) {
      const note = await readGateNote({ dir: join(restored(), 'audit'), partition }, NODE_DISK);
      // A recovery each second of that day could not have come this far.
      expect(note?.generation).toBeGreaterThanOrEqual(4 + DAY_MS / 1000);
      expect(note?.incarnation).toBe('restored');
    }
  });
});
