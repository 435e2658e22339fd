import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Heartbeat } from '@torch/contracts';
import { forgetStrangers, type LastSeen, presenceCommands, type RegistryState, type Sightings } from '@torch/domain-registry';
import type { OwnedPartition, OwnershipHooks, Reading } from '@torch/host';
import { REGISTRY_CONFIG, type RegistryConfig } from '../registry.config';

interface Watched {
  readonly owned: OwnedPartition<RegistryState>;
  readonly ownedSinceMs: number;
  readonly sightings: Map<string, Sightings>;
  /** The last look's commands are still on their way to a turn. */
  busy: boolean;
}

type Place = Pick<Reading<RegistryState>, 'partition' | 'project' | 'nowMs'>;

/**
 * Remembers heartbeats, and turns silence into commands once a second. What it remembers is not in the log: a new owner
 * starts with nothing, and accuses nobody until agents had time to find it.
 */
@Injectable()
export class PresenceWatch implements OwnershipHooks<RegistryState>, OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(PresenceWatch.name);
  private readonly partitions = new Map<number, Watched>();
  private timer: NodeJS.Timeout | undefined;

  constructor(@Inject(REGISTRY_CONFIG) private readonly config: RegistryConfig) {}

  onModuleInit(): void {
    this.timer = setInterval(() => this.look(Date.now()), this.config.lookEveryMs);
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  onOwned(owned: OwnedPartition<RegistryState>, nowMs = Date.now()): void {
    this.partitions.set(owned.partition, { owned, ownedSinceMs: nowMs, sightings: new Map(), busy: false });
  }

  onReleased(partition: number): void {
    this.partitions.delete(partition);
  }

  saw({ partition, project, nowMs }: Place, { agentId, instance }: Heartbeat): void {
    const watched = this.partitions.get(partition);
    if (!watched) return;
    let sightings = watched.sightings.get(project);
    if (!sightings) watched.sightings.set(project, (sightings = new Map()));
    sightings.set(agentId, { instance, seenAtMs: nowMs });
  }

  lastSeen({ partition, project }: Place): LastSeen {
    const sightings = this.partitions.get(partition)?.sightings.get(project);
    return (agentId) => sightings?.get(agentId)?.seenAtMs;
  }

  /** One look at every owned partition. A partition whose last look is not dealt with yet waits for the next one. */
  look(nowMs: number): void {
    for (const watched of this.partitions.values()) {
      if (watched.busy) continue;
      watched.busy = true;
      void this.lookAt(watched, nowMs)
        .catch((error: Error) => this.logger.warn(`Presence on partition ${watched.owned.partition} was not reported: ${error.message}`))
        .finally(() => (watched.busy = false));
    }
  }

  private async lookAt({ owned, ownedSinceMs, sightings: all }: Watched, nowMs: number): Promise<void> {
    for (const project of owned.projects()) {
      const state = owned.state(project);
      const sightings = all.get(project) ?? new Map();
      forgetStrangers(state, sightings);
      if (sightings.size === 0) all.delete(project);
      for (const command of presenceCommands({ state, sightings, ownedSinceMs, nowMs, config: this.config }))
        await owned.submit(project, command);
    }
  }
}
