import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatVkey } from '@torch/domain-audit';
import { NOTARY_KEYS } from '../archive.layout';
import { ensureNotaryKey, loadNotaryKey } from '../notary/notary-keys';
import type { NotaryKey } from '../notary/ed25519';
import { checkpointSigner } from '../notary/checkpoint.signer';
import { openArchive, type PartitionArchive } from '../partition-archive';
import { commitBody, LOG_ID } from '../verify/built-archive.fixture';

/** When the commit of seq 0 would have been recorded; each later one 1 ms after the one before. */
export const RECORDED_MS = 1_767_225_600_000;
export const PARTITIONS = 2;

/** A commit that retention may take, of a project that every third commit is of. */
const bodyOf = (seq: number): string => commitBody(seq, 2).replace(`"id-${seq}"`, `"project-${seq % 3}/id-${seq}"`);

/** A data directory with an archive of two partitions, as the service keeps it. */
export class DataDirFixture {
  readonly root = mkdtempSync(join(tmpdir(), 'torch-backup-'));
  readonly dataDir = join(this.root, 'data');
  readonly archiveDir = join(this.dataDir, 'audit');
  readonly backups = join(this.root, 'backups');
  private readonly seqs = new Map<number, number>();
  private key: NotaryKey | undefined;

  async begin(): Promise<this> {
    this.key = await ensureNotaryKey({ dataDir: this.dataDir, archiveDir: this.archiveDir }, LOG_ID);
    writeFileSync(join(this.archiveDir, 'log.json'), JSON.stringify({ format: 1, logId: LOG_ID, partitions: PARTITIONS, createdAtMs: 1 }));
    for (let partition = 0; partition < PARTITIONS; partition++) await (await this.open(partition)).close();
    return this;
  }

  get notaryKey(): NotaryKey {
    return loadNotaryKey(this) as NotaryKey;
  }

  get vkey(): string {
    return formatVkey(this.notaryKey);
  }

  pub(): string {
    return join(this.archiveDir, NOTARY_KEYS);
  }

  open(partition: number, dir = this.archiveDir): Promise<PartitionArchive> {
    const signer = (): NotaryKey => this.key as NotaryKey;
    return openArchive({ dir, partition, sign: checkpointSigner({ logId: LOG_ID, partition, signer }), config: { groupMs: 0 } });
  }

  /** Adds commits, one a millisecond. */
  async add(archive: PartitionArchive, partition: number, commits: number, generation = 0): Promise<void> {
    for (let n = 0; n < commits; n++) {
      const seq = (this.seqs.get(partition) ?? 0) + 1;
      this.seqs.set(partition, seq);
      await archive.room();
      archive.add({ position: { seq, generation }, body: bodyOf(seq) });
    }
    await archive.flush();
  }

  /** Segments of these many commits; the last one stays open. */
  async write(partition: number, segments: readonly number[], generation = 0): Promise<void> {
    const archive = await this.open(partition);
    for (const [n, commits] of segments.entries()) {
      await this.add(archive, partition, commits, generation);
      if (n < segments.length - 1) await archive.seal();
    }
    await archive.close();
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
