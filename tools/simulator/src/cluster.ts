import { type HostConfig, LogTails, type ServiceDefinition, ServiceHost } from '@torch/host';
import { InMemoryLogServer, type LogServer, LogUnavailable } from '@torch/log';
import { SeededRandom } from '@torch/testing';
import { type Deciders, SIMULATED_SERVICES, type SimulatedService } from './deciders';
import { Link, type Weather } from './engine/link';
import { linkedLogServer } from './engine/linked-log-server';
import { SimulatedProcess } from './engine/simulated-process';
import type { VirtualTime } from './engine/virtual-time';
import type { History } from './history';
import { Gateway } from './services/gateway';
import { ArchiveKeeper } from './services/archive-keeper';
import { auditService, gatewayService, registryService, schedulerService } from './services/definitions';
import { PresenceWatch } from './services/presence-watch';
import { SimulatedArchive } from './services/simulated-archive';

const LOG_ID = 'the-log';
const INSTANCES = 2;
/** A supervisor starts a process again after so long, ms. */
const RESTART_MS = { min: 200, max: 4000 };
const START_AGAIN_MS = 200;

export interface ClusterOptions {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly history: History;
  readonly deciders: Deciders;
  readonly partitions: number;
  readonly weather: Weather;
  readonly config: Partial<HostConfig>;
  /** Takes something out of the parts that are tested; they are wrapped as the log server gives them. */
  readonly sabotage?: (server: LogServer, base: InMemoryLogServer) => LogServer;
}

/** One process of one service, and what the world may do to it. */
export interface Instance {
  readonly service: SimulatedService;
  readonly index: number;
  readonly process: SimulatedProcess;
  readonly link: Link;
  readonly gateway?: Gateway;
}

/** All processes of Torch, the log server between them, and the archive. */
export class Cluster {
  readonly base: InMemoryLogServer;
  readonly archive = new SimulatedArchive();
  readonly instances: Instance[] = [];
  /** By how much the log server's clock is wrong, ms. */
  serverClockErrorMs = 0;
  private births = 0;
  private isHealed = false;

  constructor(readonly options: ClusterOptions) {
    const { time } = options;
    this.base = new InMemoryLogServer({
      gate: 'keeper',
      nowMs: this.serverNowMs,
      startTimer: (ms, fire) => time.after(ms, fire),
    });
    options.history.attach(this.base, this.serverNowMs, () => time.nowMs);
  }

  readonly serverNowMs = (): number => this.options.time.nowMs + this.serverClockErrorMs;

  start(): void {
    for (let index = 0; index < INSTANCES; index++) for (const service of SIMULATED_SERVICES) this.launch(service, index);
  }

  gateways(): readonly Gateway[] {
    return this.instances.flatMap(({ gateway }) => (gateway?.isServing ? [gateway] : []));
  }

  /** The process ends at once; its supervisor starts another one. */
  crash(instance: Instance): void {
    if (!instance.process.isAlive) return;
    instance.process.kill();
    this.instances.splice(this.instances.indexOf(instance), 1);
    const { random, time } = this.options;
    const restartMs = this.isHealed ? 1 : random.int(RESTART_MS.min, RESTART_MS.max);
    time.after(restartMs, () => this.launch(instance.service, instance.index));
  }

  /** Everything that is paused or cut off goes on. */
  heal(): void {
    this.isHealed = true;
    for (const { process, link } of this.instances) {
      process.resume();
      link.reconnect();
    }
  }

  /** A process of its own with a connection to the log server. */
  connect(name: string, gate: 'guarded' | 'keeper'): { process: SimulatedProcess; link: Link; server: LogServer } {
    const { time, weather, history, sabotage = (server) => server } = this.options;
    const process = new SimulatedProcess(`${name}.${++this.births}`, time, this.chance());
    const link = new Link(process, time, this.chance(), weather);
    const client = this.base.connect({ gate });
    const watched = history.watch(sabotage(client, this.base));
    return { process, link, server: linkedLogServer(link, watched, client) };
  }

  private chance(): SeededRandom {
    return new SeededRandom(this.options.random.int(0, 2 ** 31));
  }

  private launch(service: SimulatedService, index: number): void {
    const { process, link, server } = this.connect(`${service}-${index}`, service === 'audit' ? 'keeper' : 'guarded');
    const gateway = service === 'gateway' ? new Gateway(process, server, this.options) : undefined;
    this.instances.push({ service, index, process, link, ...(gateway && { gateway }) });
    void this.serve(this.definition(service, process, server), process, server).then(() => gateway?.open());
  }

  private definition(service: SimulatedService, process: SimulatedProcess, server: LogServer): ServiceDefinition<never> {
    const { deciders, partitions } = this.options;
    const definitions: Record<SimulatedService, () => ServiceDefinition<never>> = {
      registry: () => registryService(deciders, new PresenceWatch(process)) as unknown as ServiceDefinition<never>,
      scheduler: () => schedulerService(deciders) as unknown as ServiceDefinition<never>,
      gateway: () => gatewayService(deciders) as unknown as ServiceDefinition<never>,
      audit: () => {
        const tails = new LogTails(server, undefined, process);
        const keeper = new ArchiveKeeper({ process, server, tails, archive: this.archive, logId: LOG_ID, partitions });
        return auditService(deciders, keeper) as unknown as ServiceDefinition<never>;
      },
    };
    return definitions[service]();
  }

  private async serve(definition: ServiceDefinition<never>, process: SimulatedProcess, server: LogServer): Promise<void> {
    const { history, config, partitions } = this.options;
    const host = new ServiceHost<never>({
      server,
      definition,
      instance: process.name,
      clock: process,
      newId: process.newId,
      config,
      onFatal: (error) => history.bugs.push(`${process.name}: ${error instanceof Error ? error.stack : String(error)}`),
    });
    for (;;) {
      try {
        if (definition.service === 'audit') await server.identity({ partitions, logId: LOG_ID });
        await host.start();
        return;
      } catch (error) {
        if (!(error instanceof LogUnavailable)) throw error;
        await new Promise<void>((over) => process.after(START_AGAIN_MS, over));
      }
    }
  }
}
