import type { Heartbeat } from '@torch/contracts';
import { note, PRESENCE_DEFAULTS, presenceCommands, type RegistryState, type Sightings } from '@torch/domain-registry';
import type { OwnedPartition, Reading } from '@torch/host';
import type { SimulatedProcess } from '../engine/simulated-process';

const LOOK_EVERY_MS = 1000;

interface Watched {
  readonly owned: OwnedPartition<RegistryState>;
  readonly ownedSinceMs: number;
  readonly sightings: Map<string, Sightings>;
  isBusy: boolean;
}

/** What the registry's process does beside its rules: remembers heartbeats, and turns silence into commands. */
export class PresenceWatch {
  private readonly partitions = new Map<number, Watched>();

  constructor(private readonly process: SimulatedProcess) {
    this.lookAgainLater();
  }

  onOwned(owned: OwnedPartition<RegistryState>): void {
    this.partitions.set(owned.partition, { owned, ownedSinceMs: owned.timeMs(), sightings: new Map(), isBusy: false });
  }

  onReleased(partition: number): void {
    this.partitions.delete(partition);
  }

  saw({ partition, project, nowMs }: Reading<RegistryState>, heartbeat: Heartbeat): void {
    const watched = this.partitions.get(partition);
    if (!watched) return;
    let sightings = watched.sightings.get(project);
    if (!sightings) watched.sightings.set(project, (sightings = new Map()));
    note(sightings, heartbeat, nowMs);
  }

  private lookAgainLater(): void {
    this.process.after(LOOK_EVERY_MS, () => {
      for (const watched of this.partitions.values()) if (!watched.isBusy) this.look(watched);
      this.lookAgainLater();
    });
  }

  private look(watched: Watched): void {
    watched.isBusy = true;
    this.lookAt(watched)
      .catch(() => undefined) // It is the owner no more; the next one looks for itself.
      .finally(() => (watched.isBusy = false));
  }

  private async lookAt({ owned, ownedSinceMs, sightings: all }: Watched): Promise<void> {
    const nowMs = owned.timeMs();
    for (const project of owned.projects()) {
      const state = owned.state(project);
      const sightings: Sightings = all.get(project) ?? new Map();
      for (const command of presenceCommands({ state, sightings, ownedSinceMs, nowMs, config: PRESENCE_DEFAULTS }))
        await owned.submit(project, command);
    }
  }
}
