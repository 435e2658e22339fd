import { randomUUID } from 'node:crypto';
import { describeThrown } from '@torch/kernel';
import { type LogServer, PARTITIONS_DEFAULT } from '@torch/log';
import { type HostClock, pause, SYSTEM_CLOCK } from './host.clock';
import { HOST_DEFAULTS, type HostConfig } from './host.config';
import { type HostLogger, type HostTracing, NO_TRACING, SILENT_LOGGER } from './host.ports';
import { LOG_TAILS_DEFAULTS, LogTails } from './log-tails';
import { PartitionHost, type PartitionRole } from './partition-host';
import type { ServiceDefinition } from './service';
import type { TrimmedLog } from './trimmed-log';

export interface ServiceHostOptions<State> {
  readonly server: LogServer;
  readonly definition: ServiceDefinition<State>;
  /** Default: a name that no other process has. */
  readonly instance?: string;
  readonly config?: Partial<HostConfig>;
  readonly clock?: HostClock;
  readonly log?: HostLogger;
  readonly tracing?: HostTracing;
  readonly tails?: LogTails;
  readonly newId?: () => string;
  readonly trimmed?: TrimmedLog;
  /** Called once when a partition meets a bug or a corrupt log. The process should end, loudly. */
  readonly onFatal?: (error: unknown) => void;
}

export interface HostReadiness {
  /** Every partition is owned or stood by for, and the log answers. */
  readonly ready: boolean;
  readonly logReachable: boolean;
  readonly partitions: readonly { readonly partition: number; readonly role: PartitionRole; readonly suspended?: readonly string[] }[];
}

/** How long a log server that is being stopped without is given to answer, three times at most. */
const AWAY_LOOK_MS = 250;

/** One instance of one service: a partition host for each partition. */
export class ServiceHost<State = unknown> {
  readonly instance: string;
  readonly tails: LogTails;
  private readonly ownsTails: boolean;
  private hosts: { readonly partition: number; readonly host: PartitionHost<State>; readonly done: Promise<void> }[] = [];

  constructor(private readonly options: ServiceHostOptions<State>) {
    this.instance = options.instance ?? `${options.definition.service}-${(options.newId ?? randomUUID)()}`;
    this.ownsTails = options.tails === undefined;
    this.tails = options.tails ?? new LogTails(options.server, LOG_TAILS_DEFAULTS, options.clock);
  }

  async start(): Promise<void> {
    const {
      server,
      definition,
      config,
      clock = SYSTEM_CLOCK,
      log = SILENT_LOGGER,
      tracing = NO_TRACING,
      newId = randomUUID,
      onFatal,
      trimmed,
    } = this.options;
    const partitions = await server.partitions(PARTITIONS_DEFAULT);
    server.onReconnect(() => this.hosts.forEach(({ host }) => host.reconnected()));
    this.hosts = Array.from({ length: partitions }, (_, partition) => {
      const host = new PartitionHost<State>({
        server,
        tails: this.tails,
        definition,
        partition,
        instance: this.instance,
        config: { ...HOST_DEFAULTS, ...config },
        clock,
        log,
        tracing,
        newId,
        trimmed,
      });
      const done = host.run().catch((error: unknown) => {
        log.error(`${definition.service} cannot go on with partition ${partition}: ${describeThrown(error)}`);
        onFatal?.(error);
      });
      return { partition, host, done };
    });
  }

  async readiness(): Promise<HostReadiness> {
    const logReachable = await this.options.server.ping();
    const partitions = this.hosts.map(({ partition, host }) => ({
      partition,
      role: host.role,
      ...(host.suspended.length > 0 && { suspended: host.suspended }),
    }));
    const serving = partitions.length > 0 && partitions.every(({ role }) => role === 'owner' || role === 'standby');
    return { ready: logReachable && serving, logReachable, partitions };
  }

  /**
   * Finishes the turns at hand, hands every partition over, and stops. While the log server is away nothing can be handed over: then it
   * stops within a second, and the leases run out.
   */
  async stop(): Promise<void> {
    for (const { host } of this.hosts) host.stop();
    await this.unlessAway(Promise.all(this.hosts.map(({ done }) => done)));
    if (this.ownsTails) await this.unlessAway(this.tails.close());
  }

  /** Waits for what may need the log server, for as long as that answers. */
  private async unlessAway(work: Promise<unknown>): Promise<void> {
    const { server, clock = SYSTEM_CLOCK } = this.options;
    let over = false;
    const done = work.finally(() => (over = true));
    while (!over) {
      await Promise.race([done, pause(clock, AWAY_LOOK_MS)]);
      if (over || (await Promise.race([server.ping(), pause(clock, AWAY_LOOK_MS).then(() => false)]))) continue;
      await Promise.race([done, pause(clock, AWAY_LOOK_MS)]);
      return;
    }
  }
}
