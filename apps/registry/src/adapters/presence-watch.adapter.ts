import { setImmediate } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Heartbeat } from '@torch/contracts';
import { evidenceSeen, note, presenceLook, type RegistryState, type Seen, type Sightings } from '@torch/domain-registry';
import type { OwnedPartition, OwnershipHooks, Reading } from '@torch/host';
import { REGISTRY_CONFIG, type RegistryConfig } from '../registry.config';

/** Commands of a look that are decided together; questions are answered in between. */
const COMMANDS_A_TURN = 50;

interface Watched {
  readonly owned: OwnedPartition<RegistryState>;
  /** Since when evidence is heard here without a gap, epoch ms. */
  sinceMs: number;
  lookedAtMs: number;
  readonly sightings: Map<string, Sightings>;
  /** The last look's commands are still on their way to a turn. */
  busy: boolean;
}

type Place = Pick<Reading<RegistryState>, 'partition' | 'project'>;

/**
 * Remembers signs of life, and turns silence into commands once a second. What it remembers is not in the log: a new owner
 * starts with nothing, and accuses nobody until agents had time to find it.
 */
@Injectable()
export class PresenceWatch implements OwnershipHooks<RegistryState>, OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(PresenceWatch.name);
  private readonly partitions = new Map<number, Watched>();
  private timer: NodeJS.Timeout | undefined;

  constructor(@Inject(REGISTRY_CONFIG) private readonly config: RegistryConfig) {}

  onModuleInit(): void {
    this.timer = setInterval(() => this.look(), this.config.lookEveryMs);
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  onOwned(owned: OwnedPartition<RegistryState>, nowMs = owned.timeMs()): void {
    this.partitions.set(owned.partition, { owned, sinceMs: nowMs, lookedAtMs: nowMs, sightings: new Map(), busy: false });
    for (const project of owned.projects()) owned.state(project).index.listen();
  }

  onReleased(partition: number): void {
    this.partitions.delete(partition);
  }

  saw({ partition, project, nowMs, state }: Reading<RegistryState>, heartbeat: Heartbeat): void {
    const watched = this.partitions.get(partition);
    if (!watched) return;
    let sightings = watched.sightings.get(project);
    if (!sightings) watched.sightings.set(project, (sightings = new Map()));
    note(sightings, heartbeat, nowMs);
    if (!heartbeat.gone) state.index.heard(heartbeat.agentId);
  }

  seen({ partition, project }: Place): Seen {
    const sightings = this.partitions.get(partition)?.sightings.get(project);
    return (agentId) => {
      const sighting = sightings?.get(agentId);
      return sighting && evidenceSeen(sighting);
    };
  }

  /** One look at every owned partition. A partition whose last look is not dealt with yet waits for the next one. */
  look(atMs?: number): void {
    for (const watched of this.partitions.values()) {
      const nowMs = atMs ?? watched.owned.timeMs();
      this.noticeGap(watched, nowMs);
      if (watched.busy) continue;
      watched.busy = true;
      void this.lookAt(watched, nowMs)
        .catch((error: Error) => this.logger.warn(`Presence on partition ${watched.owned.partition} was not reported: ${error.message}`))
        .finally(() => (watched.busy = false));
    }
  }

  /** While nobody looked, or the clock was set, nobody can have been heard in time: everybody has the grace of a new owner again. */
  private noticeGap(watched: Watched, nowMs: number): void {
    const sinceLookMs = nowMs - watched.lookedAtMs;
    watched.lookedAtMs = nowMs;
    if (sinceLookMs >= 0 && sinceLookMs < this.config.suspectedAfterMs) return;
    this.logger.warn(
      `The last look at partition ${watched.owned.partition} was ${sinceLookMs} ms ago; its agents have ${this.config.graceMs} ms to be heard.`,
    );
    watched.sinceMs = nowMs;
    watched.sightings.clear();
  }

  private async lookAt({ owned, sinceMs, sightings: all }: Watched, nowMs: number): Promise<void> {
    for (const project of owned.projects()) {
      const sightings = all.get(project) ?? (new Map() as Sightings);
      await this.lookAtProject(owned, project, { sightings, ownedSinceMs: sinceMs, nowMs }).catch((error: Error) =>
        // One project that nothing is decided for keeps nobody else's agents from being looked at.
        this.logger.warn(`Presence in project ${project} was not reported: ${error.message}`),
      );
      if (all.get(project)?.size === 0) all.delete(project);
    }
  }

  private async lookAtProject(
    owned: OwnedPartition<RegistryState>,
    project: string,
    look: { readonly sightings: Sightings; readonly ownedSinceMs: number; readonly nowMs: number },
  ): Promise<void> {
    const state = owned.state(project);
    state.index.listen();
    const commands = await inTurns(presenceLook({ state, ...look, config: this.config }));
    for (let from = 0; from < commands.length; from += COMMANDS_A_TURN)
      await Promise.all(commands.slice(from, from + COMMANDS_A_TURN).map((command) => owned.submit(project, command)));
  }
}

/** What else there is to do has its turn between the steps. */
async function inTurns<Result>(steps: Generator<void, Result, void>): Promise<Result> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await setImmediate();
  }
}
