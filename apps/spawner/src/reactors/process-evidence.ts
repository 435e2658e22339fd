import { Inject, Injectable, Logger } from '@nestjs/common';
import { type Heartbeat, HEARTBEATS_MAX, Queries } from '@torch/contracts';
import type { TorchClient } from '@torch/host';
import { TORCH_CLIENT } from '@torch/platform';
import { SPAWNER_CONFIG, type SpawnerConfig } from '../spawner.config';

/** An agent that was spawned registers with its spawn id as its instance. */
export interface RunningSpawn {
  readonly agentId: string;
  readonly spawnId: string;
}

/**
 * Tells the registry which agents have a process that runs, every few seconds, all of a project in one question. That one has
 * ended is not told here: it is an event.
 */
@Injectable()
export class ProcessEvidence {
  private readonly logger = new Logger(ProcessEvidence.name);
  /** Projects whose last round is still on its way: the next one waits for nothing and is left out. */
  private readonly underWay = new Set<string>();
  private toldAtMs = -Infinity;

  constructor(
    @Inject(TORCH_CLIENT) private readonly client: Pick<TorchClient, 'query'>,
    @Inject(SPAWNER_CONFIG) private readonly config: Pick<SpawnerConfig, 'evidenceEveryMs'>,
  ) {}

  /** By project; nothing happens before it is time again. */
  tell(running: ReadonlyMap<string, readonly RunningSpawn[]>, nowMs: number): void {
    if (running.size === 0 || (nowMs - this.toldAtMs < this.config.evidenceEveryMs && nowMs >= this.toldAtMs)) return;
    this.toldAtMs = nowMs;
    for (const [project, spawns] of running) if (!this.underWay.has(project)) void this.tellOf(project, spawns);
  }

  private async tellOf(project: string, spawns: readonly RunningSpawn[]): Promise<void> {
    this.underWay.add(project);
    try {
      const all = spawns.map(({ agentId, spawnId }): Heartbeat => ({ agentId, instance: spawnId, evidence: 'process' }));
      for (let at = 0; at < all.length; at += HEARTBEATS_MAX)
        await this.client.query(Queries.NoteHeartbeats, project, { heartbeats: all.slice(at, at + HEARTBEATS_MAX) });
    } catch (error) {
      this.logger.debug(`Running processes of project ${project} were not told: ${(error as Error).message}`);
    } finally {
      this.underWay.delete(project);
    }
  }
}
