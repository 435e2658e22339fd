import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Notary, openArchive } from '@torch/archive';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A data directory with an archive of two partitions, signed by a notary of its own. */
export class NotarisedArchive {
  readonly dataDir: string;
  readonly archiveDir: string;
  private seqs = [0, 0];

  constructor(readonly logId = 'log-1') {
    this.dataDir = mkdtempSync(join(tmpdir(), 'torch-notarised-'));
    this.archiveDir = join(this.dataDir, 'audit');
    folders.push(this.dataDir);
  }

  /** Adds commits to both partitions, as one run of the service does. */
  async add(count: number, text = 'x'): Promise<void> {
    const notary = await Notary.open({ dataDir: this.dataDir, archiveDir: this.archiveDir, logId: this.logId });
    writeFileSync(join(this.archiveDir, 'log.json'), JSON.stringify({ format: 1, logId: this.logId, partitions: 2, createdAtMs: 1 }));
    for (const partition of [0, 1]) {
      const archive = await openArchive({ dir: this.archiveDir, partition, sign: notary.signer(partition) });
      for (let n = 0; n < count; n++) {
        const seq = ++(this.seqs as [number, number])[partition as 0 | 1];
        archive.add({
          position: { seq, generation: 0 },
          body: JSON.stringify({ recordedAtMs: seq, events: [{ project: 'p', text: `${text} ${seq}` }] }),
        });
      }
      await archive.seal();
      await archive.close();
    }
  }

  /** Takes the archive away, as somebody does who writes another history. */
  forget(): void {
    for (const name of ['p00', 'p01']) rmSync(join(this.archiveDir, name), { recursive: true });
    this.seqs = [0, 0];
  }
}
