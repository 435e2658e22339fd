import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { SpawnFamilies, stopAgentsOf } from '@torch/agent';
import { commandContract, type CommandContract } from '@torch/contracts';
import { spawnerDecider, type SpawnerState } from '@torch/domain-spawner';
import { type ConnectedTorchClient, createTorchClient, ServiceHost, type ServiceDefinition } from '@torch/host';
import { decodeCommit, InMemoryLogServer } from '@torch/log';
import { readTorchEnv } from '@torch/platform';
import { waitUntil } from '@torch/testing';
import { AgentProcesses } from '../adapters/agent-processes.adapter';
import { SPAWNER_DEFAULTS } from '../spawner.config';
import { ProcessEffects } from './process.effects';
import { ProcessEvidence } from './process-evidence';
import { ProcessWatch } from './process.watch';

const POOL = {
  poolId: 'p1',
  role: 'developer',
  skills: [],
  runtime: 'process',
  harness: 'exec',
  min: 1,
  max: 1,
  capacity: 1,
  memoryMib: 1024,
  crashesMax: 100,
};

describe('a spawner whose log has lost its tail', () => {
  const server = new InMemoryLogServer();
  let dataDir: string;
  let watch: ProcessWatch;
  let processes: AgentProcesses;
  let host: ServiceHost<SpawnerState>;
  let client: ConnectedTorchClient;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    dataDir = mkdtempSync(join(tmpdir(), 'torch-spawner-'));
    const env = readTorchEnv({
      TORCH_LOG_URL: 'redis://127.0.0.1:1',
      TORCH_DATA_DIR: dataDir,
      TORCH_TOKEN_SECRET: Buffer.alloc(32, 7).toString('base64url'),
      TORCH_NODE: 'n1',
    });
    // The next sweep after the one of an owner that is new is far away.
    const config = { ...SPAWNER_DEFAULTS, agentCommand: ['/bin/sh', '-c', 'sleep 60'], lookEveryMs: 20, sweepEveryMs: 600_000 };
    await server.partitions(1);
    client = await createTorchClient(server, { config: { resendAfterMs: 100, resendAfterMsMax: 400 } });
    processes = new AgentProcesses(env, config);
    watch = new ProcessWatch(processes, new ProcessEvidence(client, config), config, client);
    const effects = new ProcessEffects(watch);
    const definition: ServiceDefinition<SpawnerState> = {
      service: 'spawner',
      decider: spawnerDecider as never,
      handleCommand: (command, turn) => turn.decide(command),
      queries: new Map(),
      reactions: new Map(),
      effects: new Map([['agent.spawn-requested', (event, context) => effects.start(event, context)]]),
      onOwned: (partition) => watch.onOwned(partition),
      onReleased: (partition) => watch.onReleased(partition),
    };
    host = new ServiceHost({ server: server.connect(), definition, config: { acquireEveryMs: 20, retryMs: 5, retryMsMax: 20 } });
    watch.onModuleInit();
    await host.start();
  });
  afterAll(async () => {
    watch.onModuleDestroy();
    await host.stop();
    await client.close();
    await server.close();
    await stopAgentsOf(dataDir, { graceMs: 0 });
    rmSync(dataDir, { recursive: true, force: true });
  });

  const commits = async () => (await server.log.read(0, 0, 10_000)).map((entry) => decodeCommit(entry));
  const events = async (type: string) =>
    (await commits()).flatMap(({ events, position }) =>
      events.filter((event) => event.type === type).map((event) => ({ ...event, position })),
    );
  const running = () => [...new SpawnFamilies().members().keys()].filter((path) => path.startsWith(dataDir));
  const spawns = (type: string) => async () => (await events(type)).map(({ data }) => (data as { spawnId: string }).spawnId);

  it('stops what the tail had started and records it, and keeps what the log asks for', async () => {
    const contract = commandContract('DefinePools') as CommandContract;
    await client.command(contract, { project: 'shop', actor: 'user:spec' }, { pools: [POOL] } as never);
    const [lost] = await waitUntil(async () => ((await spawns('agent.spawned')()).length === 1 ? events('agent.spawned') : undefined), {
      what: 'the first process',
    });
    const [requested] = await events('agent.spawn-requested');
    const [before] = running();

    server.faults.goAway();
    server.faults.loseTail(0, (requested?.position.seq ?? 1) - 1);
    server.faults.comeBack();

    const [fenced] = await waitUntil(async () => ((await events('process.fenced')).length > 0 ? events('process.fenced') : undefined), {
      what: 'the fence',
    });
    const { agentId, spawnId, pid } = lost?.data as { agentId: string; spawnId: string; pid: number };
    expect(fenced).toMatchObject({
      actor: 'service:spawner',
      subject: `agent/${agentId}`,
      position: { generation: 1 },
      data: { agentId, spawnId, node: 'n1', pid },
    });
    await waitUntil(() => !running().includes(before as string), { what: 'the end of the first process' });
    await waitUntil(async () => (await spawns('agent.spawned')()).length === 1 && running().length === 1, { what: 'the next process' });
    expect(await events('log.recovered')).toMatchObject([{ data: { firstLostSeq: requested?.position.seq } }]);
    expect(await spawns('agent.spawned')()).toEqual(await spawns('agent.spawn-requested')());
    expect(await spawns('agent.spawned')()).not.toContain(spawnId);
    expect(await events('process.fenced')).toHaveLength(1);
  });
});
