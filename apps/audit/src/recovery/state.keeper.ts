import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  type ArchiveDisk,
  type ArchivedState,
  type FencedDisk,
  listStates,
  noteStates,
  readArchive,
  stateEntries,
  writeState,
} from '@torch/archive';
import { SERVICE_NAMES } from '@torch/contracts';
import { copySnapshot, hasUsableSnapshot, SnapshotReplaced, type SnapshotCopy } from '@torch/host';
import type { LogServer } from '@torch/log';
import { LOG_SERVER, TORCH_ENV, type TorchEnv } from '@torch/platform';

/** How the guards of effects that follow the log are named. */
const EFFECTS = 'effects:';

/** Keeps the states of all services in the archive, so that the log's beginning can go, there and on the log server. */
@Injectable()
export class StateKeeper {
  private readonly logger = new Logger(StateKeeper.name);

  constructor(
    @Inject(TORCH_ENV) private readonly env: Pick<TorchEnv, 'archiveDir'>,
    @Inject(LOG_SERVER) private readonly server: Pick<LogServer, 'caches' | 'log'>,
  ) {}

  /**
   * Takes newer states into the archive, as far as it has what they were made of.
   *
   * @param durableSeq how far the archive is.
   * @returns the lowest seq that is still needed by a service's state, or by an effect.
   */
  async archive(partition: number, disk: FencedDisk, durableSeq: number): Promise<number> {
    const place = { dir: this.env.archiveDir, partition };
    const positions = new Map((await listStates(place, disk)).map(({ service, position }) => [service, position.seq]));
    for (const service of SERVICE_NAMES) {
      const copy = await copySnapshot(this.server.caches, partition, service);
      if (!copy || copy.position.seq <= (positions.get(service) ?? -1) || !(await this.isArchived(copy, { place, durableSeq }))) continue;
      try {
        await writeState(place, disk, copy);
        positions.set(service, copy.position.seq);
      } catch (error) {
        if (!(error instanceof SnapshotReplaced)) throw error; // The newer one is taken the next time.
      }
    }
    const guards = [...(await this.server.log.trimGuards(partition))].filter(([name]) => name.startsWith(EFFECTS));
    const needed = [...SERVICE_NAMES.map((service) => positions.get(service) ?? 1), ...guards.map(([, seq]) => seq)];
    return (await noteStates(place, disk, Math.min(...needed))).neededSeq;
  }

  /** @returns whether the log server has been given any. */
  async putBack(partition: number, disk: ArchiveDisk): Promise<boolean> {
    const { caches, log } = this.server;
    const place = { dir: this.env.archiveDir, partition };
    const { seq: headSeq } = await log.head(partition);
    let isAny = false;
    for (const state of await listStates(place, disk)) {
      const { service, position, seen } = state;
      if (seen.seq > headSeq || (await hasUsableSnapshot(this.server, partition, state))) continue;
      for await (const [name, value] of stateEntries(place, disk, state)) await caches.set(partition, name, value);
      await log.setTrimGuard(partition, `snapshot:${service}`, position.seq);
      this.logger.log(`The state of ${service} on partition ${partition} was put back as of seq ${position.seq}.`);
      isAny = true;
    }
    return isAny;
  }

  /** A state of what the log may still lose is of no use after that. */
  private async isArchived(
    { seen }: Pick<ArchivedState & SnapshotCopy, 'seen'>,
    { place, durableSeq }: { readonly place: { readonly dir: string; readonly partition: number }; readonly durableSeq: number },
  ): Promise<boolean> {
    if (seen.seq > durableSeq) return false;
    for await (const [record] of readArchive({ ...place, afterSeq: seen.seq - 1, throughSeq: seen.seq }))
      return record?.position.generation === seen.generation;
    return false;
  }
}
