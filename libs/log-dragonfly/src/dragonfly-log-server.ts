import { present } from '@torch/kernel';
import { randomUUID } from 'node:crypto';
import {
  type Archived,
  CACHE_BYTES_MAX,
  type Caches,
  COMMAND_ENTRIES_MAX,
  type CommandQueues,
  type Gate,
  type Leases,
  type Log,
  type LogIdentity,
  type LogServer,
  LogUnavailable,
  type Waiter,
} from '@torch/log';
import { ArchivedAdapter } from './archived.adapter';
import { CachesAdapter } from './caches.adapter';
import { CommandQueuesAdapter } from './command-queues.adapter';
import { Connection } from './connection';
import { GateAdapter } from './gate.adapter';
import { GateWatch } from './gate.watch';
import { Keys, PREFIX_DEFAULT } from './keys';
import { LeasesAdapter } from './leases.adapter';
import { LogAdapter } from './log.adapter';
import { fixIdentity } from './log-format';
import type { LogServerOptions, Settings } from './log-server-options';
import { Replication } from './replication.adapter';
import { SCRIPTS } from './scripts';
import { checkServerVersion } from './server-version';
import { SignalsAdapter } from './signals.adapter';
import { WaiterAdapter } from './waiter.adapter';

const CONNECT_MS_DEFAULT = 5000;
const REQUEST_MS_DEFAULT = 1500;
const RECONNECT_MS_MAX_DEFAULT = 500;
const PING_MS_MAX = 1000;

/** Torch's log on Dragonfly, Valkey or Redis: nothing here depends on which of them it is. */
export class DragonflyLogServer implements LogServer {
  readonly log: Log;
  readonly leases: Leases;
  readonly commands: CommandQueues;
  readonly caches: Caches;
  readonly signals: SignalsAdapter;
  readonly gate: Gate;
  readonly archived: Archived;
  private readonly replication: Replication;
  private readonly keys: Keys;
  private readonly waiters = new Set<Waiter>();
  private closed = false;

  private constructor(
    private readonly settings: Settings,
    private readonly connection: Connection,
  ) {
    this.keys = new Keys(settings.prefix);
    const watch = new GateWatch(connection, this.keys, settings.gate);
    this.log = new LogAdapter(connection, this.keys, watch);
    this.gate = new GateAdapter(connection, this.keys, watch);
    this.leases = new LeasesAdapter(connection, this.keys);
    this.commands = new CommandQueuesAdapter(connection, this.keys, settings.commandEntriesMax);
    this.caches = new CachesAdapter(connection, this.keys, settings.cacheBytesMax);
    this.signals = new SignalsAdapter(connection, this.keys, settings);
    this.archived = new ArchivedAdapter(connection, this.signals, this.keys);
    this.replication = new Replication(this.keys, settings);
  }

  /** As `connectLogServer`; `scripts` may be replaced, which only tests do. */
  static async connect({ scripts = SCRIPTS, ...options }: LogServerOptions & Partial<Pick<Settings, 'scripts'>>): Promise<LogServer> {
    const settings = { ...DEFAULTS, ...present(options), url: options.url, scripts };
    const connection = await new Connection(settings, settings.requestMs).open(settings.connectMs);
    try {
      await checkServerVersion(connection);
      return new DragonflyLogServer(settings, connection);
    } catch (error) {
      connection.drop();
      throw error;
    }
  }

  async partitions(partitionsDefault: number): Promise<number> {
    return (await this.identity({ partitions: partitionsDefault })).partitions;
  }

  async identity({ partitions, logId = randomUUID() }: { partitions: number; logId?: string }): Promise<LogIdentity> {
    return fixIdentity(this.connection, this.keys, { created: { partitions, logId }, mayCreate: this.settings.gate !== 'guarded' });
  }

  async replicas(replicasMin: number, waitMs: number): Promise<number> {
    return this.replication.confirm(replicasMin, waitMs);
  }

  waiter(): Waiter {
    if (this.closed) throw new LogUnavailable('The connection to the log server is closed.', false);
    const waiter: Waiter = new WaiterAdapter(this.keys, this.settings, () => this.waiters.delete(waiter));
    this.waiters.add(waiter);
    return waiter;
  }

  async timeMs(): Promise<number> {
    const [seconds, micros] = await this.connection.ask({ what: 'time' }, (redis) => redis.time());
    return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  }

  async ping(): Promise<boolean> {
    const pong = this.connection
      .ask({ what: 'ping' }, (redis) => redis.ping())
      .then(
        () => true,
        () => false,
      );
    return this.withinPingTime(pong);
  }

  onReconnect(listener: () => void): void {
    this.connection.onReturn(listener);
    this.signals.onReturn(listener);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.waiters].map((waiter) => waiter.close()));
    await Promise.all([this.signals.close(), this.replication.close(), this.connection.close()]);
  }

  private async withinPingTime(pong: Promise<boolean>): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), PING_MS_MAX)));
    return Promise.race([pong, late]).finally(() => clearTimeout(timer));
  }
}

const DEFAULTS = {
  prefix: PREFIX_DEFAULT,
  connectMs: CONNECT_MS_DEFAULT,
  requestMs: REQUEST_MS_DEFAULT,
  reconnectMsMax: RECONNECT_MS_MAX_DEFAULT,
  gate: 'none' as const,
  commandEntriesMax: COMMAND_ENTRIES_MAX,
  cacheBytesMax: CACHE_BYTES_MAX,
};

/**
 * Connects to the log server. Connections that are lost later come back by themselves.
 *
 * @throws LogUnavailable when it does not answer within `connectMs`; LogServerTooOld.
 */
export async function connectLogServer(options: LogServerOptions): Promise<LogServer> {
  return DragonflyLogServer.connect(options);
}
