import { hostQueries } from '@torch/contracts';
import { replayProject } from '@torch/host';
import { InMemoryLogServer } from '@torch/log';
import type { SeededRandom } from '@torch/testing';
import type { Cluster } from './cluster';
import { type Deciders, SIMULATED_SERVICES, type SimulatedService } from './deciders';
import type { VirtualTime } from './engine/virtual-time';
import type { History } from './history';

const BETWEEN_MS = { min: 8000, max: 25_000 };
const ANSWER_MS_MAX = 60_000;

interface SamplerParts {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly cluster: Cluster;
  readonly history: History;
  readonly deciders: Deciders;
  readonly projects: readonly string[];
}

/** Asks live owners for the digest of what they have in memory, and puts the digest of a replay to the same position beside it. */
export class Sampler {
  private isOver = false;

  constructor(private readonly parts: SamplerParts) {}

  start(): void {
    const { time, random, projects } = this.parts;
    time.after(random.int(BETWEEN_MS.min, BETWEEN_MS.max), () => {
      if (this.isOver) return;
      void this.sample(random.pick(SIMULATED_SERVICES), random.pick(projects));
      this.start();
    });
  }

  /** Every service, every project, as they are now. */
  async everything(): Promise<void> {
    this.isOver = true;
    const wanted = SIMULATED_SERVICES.flatMap((service) => this.parts.projects.map((project) => ({ service, project })));
    const { time } = this.parts;
    let missing = wanted.length;
    for (const { service, project } of wanted) void this.sampleUntilItSucceeds(service, project).then(() => missing--);
    await time.run(time.nowMs + ANSWER_MS_MAX, () => missing === 0);
    if (missing > 0) this.parts.history.bugs.push(`${missing} owners did not tell their digest within ${ANSWER_MS_MAX} ms of quiet.`);
  }

  private async sampleUntilItSucceeds(service: SimulatedService, project: string): Promise<void> {
    while (!(await this.sample(service, project))) await this.parts.time.pause(500);
  }

  private async sample(service: SimulatedService, project: string): Promise<boolean> {
    const { cluster, deciders, history } = this.parts;
    const { store } = cluster.base;
    const client = cluster.gateways().find(({ connected }) => connected)?.connected;
    if (!client) return false;
    const life = store.incarnation;
    try {
      const { digest, ownSeq, foreignSeq } = await client.query(hostQueries.getDigest(service), project, {});
      if (store.incarnation !== life) return false; // What it was of may be lost.
      const partition = client.partitionOf(project);
      const replayed = await replayProject({
        log: new InMemoryLogServer({}, store).log,
        decider: deciders[service],
        service,
        partition,
        project,
        through: { ownSeq, foreignSeq },
      });
      history.samples.push({ service, partition, project, digest, replayed: replayed.digest, ownSeq, foreignSeq });
      return true;
    } catch {
      return false; // Nobody could be asked just now.
    }
  }
}
