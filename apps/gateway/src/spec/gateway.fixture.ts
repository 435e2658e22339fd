import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Global, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { messagingDecider } from '@torch/domain-messaging';
import { type ConnectedTorchClient, createTorchClient, LogTails, ServiceHost, type ServiceDefinition, TorchStrategy } from '@torch/host';
import type { LogServer } from '@torch/log';
import {
  ALL_PROJECTS,
  fastifyAdapter,
  HealthController,
  LOG_SERVER,
  mintToken,
  newTokenSecret,
  TORCH_CLIENT,
  TORCH_ENV,
} from '@torch/platform';
import { MessagingHandlers } from '../api/messaging.handlers';
import { configureGateway } from '../configure-gateway';
import { EdgeModule } from '../edge.module';
import { GATEWAY_CONFIG, GATEWAY_DEFAULTS, type GatewayConfig } from '../gateway.config';
import { standInRegistry } from './registry.fixture';
import { standInScheduler } from './scheduler.fixture';
import { standInSpawner } from './spawner.fixture';

const HOST_CONFIG = { leaseMs: 10_000, renewEveryMs: 1000, acquireEveryMs: 20, retryMs: 5, retryMsMax: 50 };
const SILENT = { log: () => undefined, error: () => undefined, warn: () => undefined };
const READY_MS_MAX = 10_000;

export interface FixtureOptions {
  /** Makes a further client of the log server; called once for each process that there would be. */
  readonly connect: () => LogServer | Promise<LogServer>;
  readonly limits?: Partial<GatewayConfig>;
  /** Services besides those that the gateway cannot do without. */
  readonly services?: readonly ServiceDefinition<never>[];
}

/** Objects are sent as JSON, text and bytes as they are. Without a token, `null`. */
export type FixtureRequest = Omit<RequestInit, 'body'> & { readonly token?: string | null; readonly body?: unknown };

/** The whole gateway over HTTP on a port of its own, and stand-ins for the services behind it. Everything is stopped by `stop`. */
export class GatewayFixture {
  readonly secret = new Uint8Array(Buffer.from(newTokenSecret(), 'base64url'));
  readonly hosts: ServiceHost<never>[] = [];
  url = '';
  operator = '';
  app!: NestFastifyApplication;
  private readonly servers: LogServer[] = [];
  private client!: ConnectedTorchClient;
  private tails!: LogTails;
  private dataDir = '';

  static async start(options: FixtureOptions): Promise<GatewayFixture> {
    const fixture = new GatewayFixture();
    await fixture.start(options);
    return fixture;
  }

  token(actor: string, projects: readonly string[] = [ALL_PROJECTS]): Promise<string> {
    return mintToken(this.secret, { actor, projects });
  }

  /** A request as the operator unless `token` says otherwise. */
  async fetch(path: string, { token = this.operator, body, headers, ...init }: FixtureRequest = {}): Promise<Response> {
    const json = body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body);
    return fetch(this.url + path, {
      ...init,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(json && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: json ? JSON.stringify(body) : (body as string | Buffer) }),
    });
  }

  async stop(): Promise<void> {
    await this.app.close();
    await Promise.all(this.hosts.map((host) => host.stop()));
    await this.tails.close();
    await this.client.close();
    await Promise.all(this.servers.map((server) => server.close()));
    await rm(this.dataDir, { recursive: true, force: true });
  }

  private async start({ connect, limits = {}, services = [] }: FixtureOptions): Promise<void> {
    const connected = async (): Promise<LogServer> => {
      const server = await connect();
      this.servers.push(server);
      return server;
    };
    this.dataDir = await mkdtemp(join(tmpdir(), 'torch-gateway-'));
    this.operator = await this.token('user:operator');
    for (const definition of [standInRegistry, standInScheduler, standInSpawner, ...services] as unknown as ServiceDefinition<never>[]) {
      const host = new ServiceHost<never>({ server: await connected(), definition, config: HOST_CONFIG });
      this.hosts.push(host);
      await host.start();
    }
    await this.startGateway(await connected(), limits);
  }

  private async startGateway(server: LogServer, limits: Partial<GatewayConfig>): Promise<void> {
    this.client = await createTorchClient(server, { config: { resendAfterMs: 300, resendAfterMsMax: 1200 } });
    this.tails = new LogTails(server);
    const strategy = new TorchStrategy({
      server,
      service: 'gateway',
      decider: messagingDecider as never,
      instance: `gateway-${randomUUID()}`,
      config: HOST_CONFIG,
      tails: this.tails,
    });
    const provided = [
      { provide: LOG_SERVER, useValue: server },
      { provide: TORCH_CLIENT, useValue: this.client },
      { provide: LogTails, useValue: this.tails },
      { provide: TorchStrategy, useValue: strategy },
      { provide: TORCH_ENV, useValue: { dataDir: this.dataDir, tokenSecret: this.secret, durability: 'memory', archiveOutage: 'refuse' } },
    ];
    @Global()
    @Module({ controllers: [HealthController], providers: provided, exports: provided })
    class Surroundings {}

    const gateway = Test.createTestingModule({ imports: [Surroundings, EdgeModule], controllers: [MessagingHandlers] })
      .overrideProvider(GATEWAY_CONFIG)
      .useValue({ ...GATEWAY_DEFAULTS, ...limits })
      .setLogger(SILENT);
    this.app = (await gateway.compile()).createNestApplication<NestFastifyApplication>(fastifyAdapter(), { logger: false });
    this.app.connectMicroservice({ strategy });
    await configureGateway(this.app);
    await this.app.listen(0, '127.0.0.1');
    await this.app.startAllMicroservices();
    this.url = await this.app.getUrl();
    await this.ready();
  }

  private async ready(): Promise<void> {
    const untilMs = performance.now() + READY_MS_MAX;
    for (;;) {
      const services = await Promise.all(this.hosts.map((host) => host.readiness()));
      if (services.every(({ ready }) => ready) && (await this.fetch('/readyz')).ok && (await this.fetch('/v1/projects/default')).ok) return;
      await pause(20); // Starting is work for this same thread.
      if (performance.now() > untilMs) throw new Error('The gateway was not ready in time.');
    }
  }
}
