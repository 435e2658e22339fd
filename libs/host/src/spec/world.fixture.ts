import type { CommandContract, QueryContract } from '@torch/contracts';
import { commandContract, hostCommandContract, hostQueries, queryContract } from '@torch/contracts';
import { decodeCommit, InMemoryLogServer } from '@torch/log';
import { waitUntil } from '@torch/testing';
import type { ConnectedTorchClient } from '../torch-client';
import { createTorchClient } from '../torch-client';
import { ServiceHost, type ServiceHostOptions } from '../service-host';
import type { ServiceDefinition } from '../service';

/** Fast enough for specs, slow enough for a loaded machine. */
export const SPEC_CONFIG = { leaseMs: 4000, renewEveryMs: 500, acquireEveryMs: 20, retryMs: 5, retryMsMax: 20 };

/** One log server in memory, with one partition, and whatever runs on it. Everything is stopped by `end`. */
export class World {
  /** By how much the log server's clock is ahead, ms. An owner takes it over when it becomes one. */
  serverAheadMs = 0;
  readonly server = new InMemoryLogServer({ nowMs: () => Date.now() + this.serverAheadMs });
  private readonly started: { host: ServiceHost<never>; server: InMemoryLogServer }[] = [];
  private client: ConnectedTorchClient | undefined;

  static async create(): Promise<World> {
    const world = new World();
    await world.server.partitions(1);
    world.client = await createTorchClient(world.server, { config: { resendAfterMs: 100, resendAfterMsMax: 400 } });
    return world;
  }

  async start<State>(definition: ServiceDefinition<State>, options: Partial<ServiceHostOptions<State>> = {}): Promise<ServiceHost<State>> {
    const server = this.server.connect();
    const host = new ServiceHost<State>({ server, definition, ...options, config: { ...SPEC_CONFIG, ...options.config } });
    this.started.push({ host: host as unknown as ServiceHost<never>, server });
    await host.start();
    await waitUntil(async () => (await host.readiness()).ready, { what: `${definition.service} to be ready` });
    return host;
  }

  async command(type: string, data: object, idempotencyId?: string, project = 'default'): Promise<string> {
    const contract = commandContract(type) ?? (hostCommandContract(type, 'registry') as CommandContract);
    const { position } = await this.connected.command(contract, { project, actor: 'user:spec', idempotencyId }, data as never);
    return position;
  }

  register(agentId: string, idempotencyId?: string, project?: string): Promise<string> {
    return this.command(
      'RegisterAgent',
      { agentId, role: 'developer', skills: [], harness: 'exec', instance: 'i' },
      idempotencyId,
      project,
    );
  }

  async names(project = 'default'): Promise<string[]> {
    const answer = (await this.connected.query(queryContract('ListAgents') as QueryContract, project, {} as never)) as unknown as {
      names: string[];
    };
    return answer.names;
  }

  digest(service: 'registry' | 'scheduler') {
    return this.connected.query(hostQueries.getDigest(service), 'default', {} as never);
  }

  get hosts(): readonly ServiceHost<never>[] {
    return this.started.map(({ host }) => host);
  }

  /** Every commit of the log, in order. */
  async commits() {
    return (await this.server.log.read(0, 0, 100_000)).map((entry) => decodeCommit(entry));
  }

  async eventTypes(): Promise<string[]> {
    return (await this.commits()).flatMap(({ events }) => events.map(({ type }) => type));
  }

  get connected(): ConnectedTorchClient {
    if (!this.client) throw new Error('The world has not been created.');
    return this.client;
  }

  async end(): Promise<void> {
    await Promise.all(this.started.map(({ host }) => host.stop()));
    await Promise.all(this.started.map(({ server }) => server.close()));
    await this.connected.close();
    await this.server.close();
  }
}
