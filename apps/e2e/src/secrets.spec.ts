import { commandContract, type CommandContract, SERVICE_NAMES, type ServiceName, type TaskAssigned } from '@torch/contracts';
import { plantedSecrets } from '@torch/contracts/testing';
import { messagingDecider } from '@torch/domain-messaging';
import { registryDecider } from '@torch/domain-registry';
import { schedulerDecider } from '@torch/domain-scheduler';
import { spawnerDecider } from '@torch/domain-spawner';
import { type ConnectedTorchClient, createTorchClient, ServiceHost } from '@torch/host';
import type { Decider } from '@torch/kernel';
import { decodeCommit, InMemoryLogServer } from '@torch/log';
import { waitUntil } from '@torch/testing';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a state of any shape
const SERVICES: Partial<Record<ServiceName, Decider<any, any, any>>> = {
  gateway: messagingDecider,
  registry: registryDecider,
  scheduler: schedulerDecider,
  spawner: spawnerDecider,
};
const planted = plantedSecrets(7);
/** Every shape at once, so that each door meets each of them. */
const everySecret = (charsMax: number): string[] =>
  planted.reduce<string[]>((texts, { text }) => {
    const last = texts.at(-1);
    if (last === undefined || last.length + text.length + 1 > charsMax) texts.push(text);
    else texts[texts.length - 1] = `${last}\n${text}`;
    return texts;
  }, []);

const server = new InMemoryLogServer();
const hosts: ServiceHost<never>[] = [];
let client: ConnectedTorchClient;
let ids = 0;

beforeAll(async () => {
  await server.partitions(1);
  client = await createTorchClient(server);
  for (const [service, decider] of Object.entries(SERVICES)) {
    const host = new ServiceHost({
      server: server.connect(),
      config: { snapshotEveryCommits: 1, acquireEveryMs: 20 },
      definition: {
        service: service as ServiceName,
        decider: decider as Decider<never>,
        handleCommand: (command, turn) => turn.decide(command),
        queries: new Map(),
        reactions: new Map(),
        effects: new Map(),
      },
    });
    hosts.push(host as ServiceHost<never>);
    await host.start();
  }
});

afterAll(async () => {
  await Promise.all(hosts.map((host) => host.stop()));
  await client.close();
  await server.close();
});

/** The refusal's code and message, or `accepted`. */
async function send(type: string, data: object, project = 'default'): Promise<string> {
  try {
    await client.command(commandContract(type) as CommandContract, { project, actor: 'user:spec' }, data as never);
    return 'accepted';
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
}

const events = async () => (await server.log.read(0, 0, 100_000)).flatMap((entry) => decodeCommit(entry).events);

/** Everything that is kept: the log as the archive copies it, the queues, the snapshots. */
async function everythingKept(): Promise<string> {
  const kept = (await server.log.read(0, 0, 100_000)).map(({ body }) => body);
  for (const service of SERVICE_NAMES) {
    kept.push(...(await server.commands.read(0, service, '0-0', 10_000)).map(({ body }) => body));
    kept.push((await server.caches.get(0, `snapshot:${service}`)) ?? '');
  }
  return kept.join('\n');
}

const leaked = async (): Promise<string[]> => {
  const kept = await everythingKept();
  return planted
    .filter(({ secret }) => [secret, JSON.stringify(secret).slice(1, -1)].some((form) => kept.includes(form)))
    .map(({ name }) => name);
};

const task = (over: object) => ({
  taskId: `t${++ids}`,
  key: `t${ids}`,
  title: 't',
  role: 'developer',
  skills: [],
  prefer: [],
  dependsOn: [],
  priority: 5,
  timeoutMs: 60_000,
  retries: 0,
  run: 'true',
  ...over,
});
const register = { agentId: 'dev-1', role: 'developer', skills: [], harness: 'exec', instance: 'i', capacity: 500 };

async function attemptOf(taskId: string) {
  const assigned = await waitUntil(
    async () => (await events()).find(({ type, data }) => type === 'task.assigned' && (data as TaskAssigned).taskId === taskId),
    { what: `task ${taskId} to be assigned` },
  );
  const { attempt, agentId, assignment } = (assigned as { data: TaskAssigned }).data;
  return { taskId, attempt, agentId, assignment };
}

async function assignedTask() {
  const spec = task({});
  expect(await send('SubmitRun', { runId: `r${ids}`, tasks: [spec] })).toBe('accepted');
  return attemptOf(spec.taskId);
}

describe('secrets of every known shape', () => {
  it('are redacted at every door that takes a text', async () => {
    expect(await send('RegisterAgent', register)).toBe('accepted');
    for (const text of everySecret(4000)) {
      const attempt = await assignedTask();
      expect(await send('CompleteTask', { ...attempt, exitCode: 0, durationMs: 1, outputTail: text })).toBe('accepted');
      expect(await send('SendMessage', { messageId: `m${++ids}`, to: 'dev-1', text })).toBe('accepted');
      const prompt = task({ run: undefined, prompt: text });
      expect(await send('SubmitRun', { runId: `r${++ids}`, tasks: [prompt] })).toBe('accepted');
    }
    for (const text of everySecret(1000)) {
      const attempt = await assignedTask();
      expect(await send('ReportProgress', { ...attempt, note: text })).toBe('accepted');
      expect(await send('FailTask', { ...attempt, class: 'permanent', reason: 'harness', message: text, outputTail: text })).toBe(
        'accepted',
      );
      expect(await send('CancelRun', { runId: `r${ids}`, reason: text })).toMatch(/accepted|run-ended|not/);
      const cancelled = task({});
      await send('SubmitRun', { runId: `r${++ids}`, tasks: [cancelled] });
      expect(await send('CancelTask', { taskId: cancelled.taskId, reason: text })).toBe('accepted');
      await send('RegisterAgent', { ...register, agentId: `a${++ids}`, node: text.slice(0, 200) });
      await send('DeregisterAgent', { agentId: `a${ids}`, reason: text });
    }
    for (const { text } of planted.filter((secret) => secret.text.length <= 128)) {
      await send('RegisterAgent', { ...register, agentId: `a${++ids}`, name: text });
      await send('SubmitRun', { runId: `r${++ids}`, name: text, tasks: [task({ title: text })] });
      expect(await send('SendMessage', { messageId: `m${++ids}`, to: text, text: 'x' })).not.toContain(text); // No such recipient.
    }
    expect((await everythingKept()).match(/\[redacted:/g)?.length).toBeGreaterThan(200);
    expect(await leaked()).toEqual([]);
  }, 60_000);

  it.each(planted.map((secret) => [secret.name, secret] as const))(
    'are refused where a machine takes them as they are: %s',
    async (_name, { text }) => {
      const refused = /^secret-in-field: "(tasks|pools)\.0\.(run|env\.A|cwd)" holds what looks like a secret/;
      const pool = { poolId: 'p', role: 'developer', skills: [], runtime: 'process', harness: 'exec', min: 0, max: 1, capacity: 1 };
      expect(await send('SubmitRun', { runId: 'refused', tasks: [task({ run: `echo ${text}` })] })).toMatch(refused);
      expect(await send('SubmitRun', { runId: 'refused', tasks: [task({ env: { A: text } })] })).toMatch(refused);
      expect(await send('DefinePools', { pools: [{ ...pool, memoryMib: 64, crashesMax: 1, env: { A: text } }] })).toMatch(refused);
      if (/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/.test(text))
        expect(await send('RetirePool', { poolId: text, reason: 'x' })).toMatch(/^secret-in-field: "poolId"/);
      expect(await leaked()).toEqual([]);
    },
  );

  it('do not get into the log by a sender that does not look for them', async () => {
    for (const [i, text] of everySecret(4000).entries()) {
      const envelope = { project: 'other', actor: 'user:spec', correlationId: 'c' };
      const commands = [
        { ...envelope, id: `raw-${i}`, type: 'SubmitRun', data: { runId: `raw-${i}`, tasks: [task({ run: undefined, prompt: text })] } },
        { ...envelope, id: `env-${i}`, type: 'SubmitRun', data: { runId: `env-${i}`, tasks: [task({ env: { A: text } })] } },
      ];
      await server.commands.send(0, 'scheduler', JSON.stringify(commands));
    }
    const last = `raw-${everySecret(4000).length - 1}`;
    await waitUntil(async () => (await events()).some(({ type, subject }) => type === 'run.submitted' && subject === `run/${last}`), {
      what: 'the runs',
    });
    const log = (await server.log.read(0, 0, 100_000)).map(({ body }) => body).join('\n');
    expect(planted.filter(({ secret }) => log.includes(secret) || log.includes(JSON.stringify(secret).slice(1, -1)))).toEqual([]);
    expect(log).not.toContain('run/env-0');
  });
});
