import type { LogEntry, Position } from '@torch/log';
import type { SeededRandom } from '@torch/testing';
import type { Cluster, Instance } from '../cluster';
import { POISON_RUN, SIMULATED_SERVICES } from '../deciders';
import type { VirtualTime } from '../engine/virtual-time';
import type { History } from '../history';
import { PROJECTS } from '../workload/fleet';
import type { WorldFault } from './fault-names';
import { type ChangingWeather, STORMS } from './weather';

const BETWEEN_MS = { min: 500, max: 7000 };
const HOUR_MS = 3_600_000;
const SNAPSHOTS_KEPT = 4;
const SNAPSHOT_EVERY_MS = 7000;
const LOG_RESTARTS: readonly WorldFault[] = ['log-restart', 'log-restart-older', 'log-restart-empty'];

interface InjectorParts {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly cluster: Cluster;
  readonly weather: ChangingWeather;
  readonly history: History;
  readonly faults: readonly WorldFault[];
  readonly partitions: number;
}

/** Lets things go wrong, one after the other and some at once, as the seed says, until it is told to stop. */
export class FaultInjector {
  private isOver = false;
  private isLogAway = false;
  /** Of the log server's data in its present life: what its own disk might bring back. */
  private snapshots: unknown[] = [];

  constructor(private readonly parts: InjectorParts) {}

  start(): void {
    if (this.parts.faults.length === 0) return;
    if (this.parts.faults.includes('log-restart-older')) this.takeSnapshot();
    this.nextLater();
  }

  /** Nothing more goes wrong, and what was wrong is mended. */
  stop(): void {
    this.isOver = true;
    this.parts.weather.clear();
    if (this.isLogAway) this.comeBack('whole');
    this.parts.cluster.heal();
  }

  private nextLater(): void {
    const { time, random, faults } = this.parts;
    time.after(random.int(BETWEEN_MS.min, BETWEEN_MS.max), () => {
      if (this.isOver) return;
      this.inject(random.pick(faults));
      this.nextLater();
    });
  }

  private takeSnapshot(): void {
    const { time, cluster } = this.parts;
    time.after(SNAPSHOT_EVERY_MS, () => {
      if (this.isOver) return;
      if (!this.isLogAway) this.snapshots.push(cluster.base.store.snapshot());
      if (this.snapshots.length > SNAPSHOTS_KEPT) this.snapshots.shift();
      this.takeSnapshot();
    });
  }

  private inject(fault: WorldFault): void {
    const { random, cluster, time, weather, history } = this.parts;
    if (this.isLogAway && LOG_RESTARTS.includes(fault)) return;
    history.faults.add(fault);
    if (STORMS.includes(fault)) {
      weather.begin(fault);
      time.after(random.int(2000, 15_000), () => weather.end(fault));
      return;
    }
    switch (fault) {
      case 'pause':
        return this.onOne(({ process }) => {
          process.pause();
          time.after(random.int(500, 12_000), () => process.resume());
        });
      case 'partition':
        return this.onOne(({ link }) => {
          link.cut();
          time.after(random.int(1000, 12_000), () => link.reconnect());
        });
      case 'crash':
        return this.onOne((instance) => cluster.crash(instance));
      case 'crash-without-snapshot':
        return this.crashService();
      case 'clock-forward':
        return this.onOne(({ process }) => (process.clockErrorMs += this.jumpMs()));
      case 'clock-back':
        return this.onOne(({ process }) => (process.clockErrorMs -= this.jumpMs()));
      case 'server-clock':
        cluster.serverClockErrorMs += random.int(-4000, 4000);
        return;
      case 'poison-command':
        return this.sendPoison();
      default:
        return this.restartLog(fault);
    }
  }

  private jumpMs(): number {
    const { random } = this.parts;
    return random.chance(0.3) ? HOUR_MS : random.int(1000, 40_000);
  }

  /** Nobody waits for the answer, as far as it goes: it is in the log. */
  private sendPoison(): void {
    const { random, cluster } = this.parts;
    const gateways = cluster.gateways();
    if (gateways.length === 0) return;
    const idempotencyId = `poison-${random.int(0, 2 ** 31)}`;
    const data = { runId: POISON_RUN, reason: 'The rules fail on this.' };
    const command = { type: 'CancelRun', project: random.pick(PROJECTS), actor: 'user:poisoner', idempotencyId, data };
    random
      .pick(gateways)
      .command(command)
      .catch(() => undefined);
  }

  private onOne(act: (instance: Instance) => void): void {
    const { random, cluster } = this.parts;
    if (cluster.instances.length > 0) act(random.pick(cluster.instances));
  }

  private crashService(): void {
    const { random, cluster, partitions } = this.parts;
    const service = random.pick(SIMULATED_SERVICES);
    for (let partition = 0; partition < partitions; partition++) cluster.base.store.partition(partition).caches.clear();
    for (const instance of cluster.instances.filter((candidate) => candidate.service === service)) cluster.crash(instance);
  }

  private restartLog(fault: WorldFault): void {
    const { random, time, cluster } = this.parts;
    this.isLogAway = true;
    cluster.base.faults.goAway();
    const older = this.snapshots.length > 0 ? { snapshot: random.pick(this.snapshots) } : 'empty';
    const data = fault === 'log-restart' ? 'whole' : fault === 'log-restart-empty' ? 'empty' : older;
    time.after(random.int(100, 6000), () => {
      if (this.isLogAway) this.comeBack(data);
    });
  }

  private comeBack(data: 'whole' | 'empty' | { readonly snapshot: unknown }): void {
    const { cluster, history, partitions } = this.parts;
    const before = new Map<number, readonly Position[]>();
    for (let partition = 0; partition < partitions; partition++)
      before.set(
        partition,
        cluster.base.store.partition(partition).entries.map(({ position }: LogEntry) => position),
      );
    this.isLogAway = false;
    this.snapshots = [];
    cluster.base.faults.restart(data);
    history.restarted(cluster.base.store, before, SIMULATED_SERVICES);
  }
}
