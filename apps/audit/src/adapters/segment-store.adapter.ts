import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  ArchiveBroken,
  type ArchiveDisk,
  type ArchiveFailure,
  type ObjectStore,
  openObjectStore,
  type PartitionArchive,
  readLogNote,
  restoreFromStore,
  SegmentUploads,
} from '@torch/archive';
import { GateShut } from '@torch/log';
import { TORCH_ENV, type TorchEnv } from '@torch/platform';
import { STORE_CONFIG, type StoreConfig } from '../store.config';
import type { ArchiveFollower } from './segment-store.port';

/** Keeps a second copy of what is sealed in an object store, where one is configured. */
@Injectable()
export class SegmentStore implements ArchiveFollower {
  private readonly logger = new Logger(SegmentStore.name);
  private readonly failures = new Map<number, ArchiveFailure>();
  private opened: Promise<{ store: ObjectStore; uploads: SegmentUploads }> | undefined;

  constructor(
    @Inject(TORCH_ENV) private readonly env: Pick<TorchEnv, 'archiveDir'>,
    @Inject(STORE_CONFIG) private readonly config: StoreConfig,
  ) {}

  sealed(archive: PartitionArchive, partition: number): void {
    if (this.config.url === undefined) return;
    this.open().then(
      ({ uploads }) => uploads.sealed(archive, partition),
      (error: Error) => this.tell(partition, error),
    );
  }

  async released(partition: number): Promise<void> {
    if (this.opened) await (await this.opened).uploads.released(partition);
    this.failures.delete(partition);
  }

  failing(partition: number): ArchiveFailure | undefined {
    return this.failures.get(partition);
  }

  /** That the store cannot be reached does not keep anybody from working with what is here. */
  async restore(partition: number, disk: ArchiveDisk): Promise<void> {
    if (this.config.url === undefined) return;
    try {
      const { store } = await this.open();
      const { segments, bytes } = await restoreFromStore({ dir: this.env.archiveDir, store, partitions: [partition], disk });
      if (segments > 0) this.logger.log(`${segments} segments (${bytes} bytes) of partition ${partition} came from ${store.name}.`);
    } catch (error) {
      if (error instanceof ArchiveBroken) throw new GateShut(partition, error.message);
      this.logger.warn(`What ${this.config.url} has of partition ${partition} could not be read: ${(error as Error).message}`);
    }
  }

  private open(): Promise<{ store: ObjectStore; uploads: SegmentUploads }> {
    this.opened ??= this.connect().catch((error: unknown) => {
      this.opened = undefined;
      throw error;
    });
    return this.opened;
  }

  private async connect(): Promise<{ store: ObjectStore; uploads: SegmentUploads }> {
    const { url = '', ...config } = this.config;
    const store = await openObjectStore(url, (warning, msg) => this.logger.warn({ warning, msg }));
    const onChange = (partition: number, error: Error | undefined): void => this.tell(partition, error);
    return { store, uploads: new SegmentUploads({ dir: this.env.archiveDir, store, config, onChange }) };
  }

  private tell(partition: number, error: Error | undefined): void {
    const before = this.failures.get(partition);
    if (error) {
      const code = error instanceof ArchiveBroken ? 'BROKEN' : ((error as NodeJS.ErrnoException).code ?? error.name);
      const failure = { activity: 'upload', code, message: error.message, sinceMs: before?.sinceMs ?? Date.now() } as const;
      this.failures.set(partition, failure);
      const msg = `Segments of partition ${partition} are not uploaded (${code}): ${error.message}`;
      if (!before) this.logger.error({ alarm: 'archive-failing', partition, activity: 'upload', code, sinceMs: failure.sinceMs, msg });
    } else if (before) {
      this.failures.delete(partition);
      const msg = `Segments of partition ${partition} are uploaded again.`;
      this.logger.log({ alarm: 'archive-recovered', partition, activity: 'upload', lastedMs: Date.now() - before.sinceMs, msg });
    }
  }
}

/**
 * Says to a machine that has no archive which log it is of, as the store has it. What was archived of a partition is fetched by whoever
 * takes that archive.
 *
 * @throws the store's error when it cannot be reached; ArchiveBroken.
 */
export async function restoreNewMachine(dir: string, { url }: Pick<StoreConfig, 'url'>): Promise<void> {
  if (url === undefined || (await readLogNote({ dir }))) return;
  await restoreFromStore({ dir, store: await openObjectStore(url, () => undefined), partitions: [] });
}
