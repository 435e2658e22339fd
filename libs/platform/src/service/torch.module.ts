import { randomUUID } from 'node:crypto';
import { type DynamicModule, Global, Inject, Module, type OnApplicationShutdown, type Provider, type Type } from '@nestjs/common';
import { APP_FILTER, ModuleRef } from '@nestjs/core';
import type { ServiceName } from '@torch/contracts';
import {
  type ConnectedTorchClient,
  createTorchClient,
  type HostConfig,
  type TrimmedLog,
  trimmedLogOf,
  LOG_TAILS_DEFAULTS,
  LogTails,
  type OwnershipHooks,
  TorchClientProxy,
  TorchStrategy,
  type TorchStrategyOptions,
} from '@torch/host';
import type { Decider } from '@torch/kernel';
import type { GateRole, LogIdentity, LogServer } from '@torch/log';
import { LoggerModule, PinoLogger } from 'nestjs-pino';
import { ProblemFilter } from '../http/problem.filter';
import { hostLogger } from '../logging/host.logger';
import { loggingParams } from '../logging/logging.config';
import { hostTracing } from '../telemetry/host.tracing';
import { readLogLevel, readTorchEnv, type TorchEnv } from '../torch.config';
import { HealthController } from './health.controller';
import { reachLogServer } from './log-server.adapter';
import { ProcessEnd, processEnd } from './process-end';
import { LOG_SERVER, TORCH_CLIENT, TORCH_CLIENT_PROXY, TORCH_ENV, TORCH_INSTANCE } from './torch.tokens';

/** Pause before effects read what is new in the log, so that they read it in groups. */
const TAIL_GATHER_MS = 20;
/** The same behind the gateway, where somebody waits for the next event. What it appends itself it passes on at once. */
const EDGE_GATHER_MS = 3;
/** Acknowledgements wait for the archive, which groups what comes in by itself. */
const ARCHIVE_GATHER_MS = 0;

const gatherMs = (service: ServiceName): number =>
  service === 'gateway' ? EDGE_GATHER_MS : service === 'audit' ? ARCHIVE_GATHER_MS : TAIL_GATHER_MS;

export interface TorchModuleOptions {
  readonly service: ServiceName;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a decider of any state
  readonly decider: Decider<any, any, any>;
  /** A provider of the service's own module that is told which partitions this process owns. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- hooks of any state
  readonly hooks?: Type<OwnershipHooks<any>>;
  /** For the gate's keeper: what the log is, where that is known from elsewhere than the log server. */
  readonly knownLog?: (env: TorchEnv) => Promise<LogIdentity | undefined>;
  readonly config?: Partial<HostConfig>;
  /** Where the beginning of a trimmed log is; default: audit is asked for it. */
  readonly trimmed?: (env: TorchEnv) => TrimmedLog;
}

/** Everything that the five services have in common, provided to all modules of a process. */
@Global()
@Module({})
export class TorchModule implements OnApplicationShutdown {
  constructor(
    @Inject(LOG_SERVER) private readonly server: LogServer,
    @Inject(LogTails) private readonly tails: LogTails,
    @Inject(TORCH_CLIENT) private readonly client: ConnectedTorchClient,
  ) {}

  static forService(options: TorchModuleOptions): DynamicModule {
    return {
      module: TorchModule,
      imports: [LoggerModule.forRootAsync({ useFactory: () => loggingParams(options.service, readLogLevel()) })],
      controllers: [HealthController],
      providers: [...connections(options), strategy(options), { provide: APP_FILTER, useClass: ProblemFilter }],
      exports: [TORCH_ENV, TORCH_INSTANCE, LOG_SERVER, TORCH_CLIENT, TORCH_CLIENT_PROXY, LogTails, TorchStrategy, LoggerModule],
    };
  }

  /** Last of all, when HTTP and the owner's loops have ended: their leases were given back over these connections. */
  async onApplicationShutdown(): Promise<void> {
    await this.tails.close();
    await this.client.close();
    await this.server.close();
  }
}

function connections({ service, knownLog }: TorchModuleOptions): Provider[] {
  return [
    { provide: ProcessEnd, useValue: processEnd },
    { provide: TORCH_ENV, useFactory: () => readTorchEnv() },
    { provide: TORCH_INSTANCE, useFactory: () => `${service}-${process.pid}-${randomUUID().slice(0, 8)}` },
    {
      provide: LOG_SERVER,
      inject: [TORCH_ENV, PinoLogger, ProcessEnd],
      useFactory: async (env: TorchEnv, pino: PinoLogger, end: ProcessEnd) =>
        reachLogServer(env, hostLogger(pino), { signal: end.signal, gate: gateRole(service, env), created: await knownLog?.(env) }),
    },
    {
      provide: TORCH_CLIENT,
      inject: [LOG_SERVER, TORCH_INSTANCE, TORCH_ENV],
      useFactory: (server: LogServer, instance: string, { replicasMin }: TorchEnv) =>
        createTorchClient(server, { instance, config: { replicasMin } }),
    },
    { provide: TORCH_CLIENT_PROXY, inject: [TORCH_CLIENT], useFactory: (client: ConnectedTorchClient) => new TorchClientProxy(client) },
    {
      provide: LogTails,
      inject: [LOG_SERVER],
      useFactory: (server: LogServer) => new LogTails(server, { ...LOG_TAILS_DEFAULTS, gatherMs: gatherMs(service) }),
    },
  ];
}

function gateRole(service: ServiceName, { gate }: TorchEnv): GateRole {
  if (gate === 'none') return 'none';
  return service === 'audit' ? 'keeper' : 'guarded';
}

function strategy({ service, decider, hooks, config, trimmed }: TorchModuleOptions): Provider {
  return {
    provide: TorchStrategy,
    inject: [LOG_SERVER, LogTails, TORCH_INSTANCE, PinoLogger, ModuleRef, ProcessEnd, TORCH_ENV, TORCH_CLIENT],
    useFactory: (
      server: LogServer,
      tails: LogTails,
      instance: string,
      pino: PinoLogger,
      modules: ModuleRef,
      end: ProcessEnd,
      env: TorchEnv,
      client: ConnectedTorchClient,
    ) =>
      new TorchStrategy({
        server,
        tails,
        service,
        instance,
        config: { ...hostConfigOf(env), ...config },
        trimmed: trimmed ? trimmed(env) : trimmedLogOf(client),
        decider: decider as TorchStrategyOptions['decider'],
        hooks: hooks && hooksOf(modules, hooks),
        log: hostLogger(pino),
        tracing: hostTracing,
        onFatal: (error) => end.fail(error),
      }),
  };
}

/** The provider is looked up when a partition is owned: the service's own module is made after this one. */
/** What the environment may say of the host's limits. */
const hostConfigOf = ({ snapshotEveryCommits, idempotencyKeptMs, idempotencyBytesMax }: TorchEnv): Partial<HostConfig> => ({
  snapshotEveryCommits,
  idempotencyKeptMs,
  idempotencyBytesMax,
});

function hooksOf(modules: ModuleRef, provider: Type<OwnershipHooks>): OwnershipHooks {
  const found = (): OwnershipHooks => modules.get(provider, { strict: false });
  const prepares = 'prepare' in (provider.prototype as OwnershipHooks);
  return {
    ...(prepares && { prepare: async (...args) => found().prepare?.(...args) }),
    onOwned: (partition) => found().onOwned?.(partition),
    onReleased: (partition) => found().onReleased?.(partition),
  };
}
