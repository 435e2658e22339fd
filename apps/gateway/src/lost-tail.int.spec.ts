import { AgentSession, ExecHarness, GatewayClient, type Harness, listProcesses } from '@torch/agent';
import { decodeCommit, InMemoryLogServer } from '@torch/log';
import { waitUntil } from '@torch/testing';
import { GatewayFixture } from './spec/gateway.fixture';

const PROJECT = 'default';

describe('an agent of the gateway, after the log has lost its tail', () => {
  let server: InMemoryLogServer;
  let gateway: GatewayFixture;
  let session: AgentSession;
  let ended: Promise<unknown>;
  let read: () => void;
  let acted: string[];
  const logged: string[] = [];

  beforeEach(async () => {
    server = new InMemoryLogServer();
    await server.partitions(1);
    gateway = await GatewayFixture.start({ connect: () => server.connect(), limits: { pingEveryMs: 50, outputPollMs: 20 } });
    acted = [];
    logged.length = 0;
    const client = new GatewayClient({ url: gateway.url, token: await gateway.token('agent:dev-1', [PROJECT]) });
    session = new AgentSession({
      project: client.project(PROJECT),
      harness: harness(),
      log: (_level, message) => logged.push(message),
      agent: { agentId: 'dev-1', role: 'dev-1', skills: [], capacity: 2, harness: 'spec', instance: 'i-1' },
      config: { heartbeatMs: 100, reportPauseMsMax: 50, stream: { reconnectMs: 10, reconnectMsMax: 50 } },
    });
    ended = session.run();
    await waitUntil(async () => (await events('agent.registered')).length === 1, { what: 'the registration' });
  });
  afterEach(async () => {
    session.close('The spec is over.');
    await ended;
    await gateway.stop();
    await server.close();
  });

  /** Works as a shell does, and takes its time over messages. */
  function harness(): Harness {
    const shell = new ExecHarness({ killGraceMs: 200, stopGraceMs: 100 });
    return {
      name: 'spec',
      onWork: (work, context) => shell.onWork(work, context),
      onMessage: ({ text }) => {
        acted.push(text);
        return new Promise<void>((done) => (read = done));
      },
    };
  }

  const events = async (type: string) =>
    (await server.log.read(0, 0, 10_000))
      .map((entry) => decodeCommit(entry))
      .flatMap(({ events, position }) => events.filter((event) => event.type === type).map((event) => ({ ...event, position })));
  const data = async <T>(type: string): Promise<T[]> => (await events(type)).map((event) => event.data as T);
  const post = (path: string, body: object) => gateway.fetch(`/v1/projects/${PROJECT}${path}`, { method: 'POST', body });
  const output = async (taskId: string) => (await gateway.fetch(`/v1/projects/${PROJECT}/tasks/${taskId}/output`)).text();

  /** A task that tells the pid of its shell and goes on for long. @returns its assignment and that pid. */
  async function atWork(): Promise<{ taskId: string; attempt: number; assignment: string; pid: number }> {
    await post('/runs', { tasks: [{ key: 'long', role: 'dev-1', run: 'echo $$; sleep 60' }] });
    const assigned = await waitUntil(
      async () => (await data<{ taskId: string; attempt: number; assignment: string }>('task.assigned')).at(-1),
      { what: 'the assignment' },
    );
    const pid = await waitUntil(async () => Number(await output(assigned.taskId)) || undefined, { what: 'the output' });
    return { ...assigned, pid };
  }

  /** `forgotten`: the commands that had led to the tail are lost as well. */
  async function loseTail(lastSeq: number, { forgotten }: { forgotten: boolean }): Promise<void> {
    server.faults.goAway();
    server.faults.loseTail(0, lastSeq);
    if (forgotten) for (const queue of server.store.partition(0).queues.values()) queue.length = 0;
    server.faults.comeBack();
  }

  it('has what the tail had given it stopped and recorded, and what it had done for a message', async () => {
    const { seq: before } = await server.log.head(0);
    const { taskId, attempt, assignment, pid } = await atWork();
    await post('/messages', { to: 'dev-1', text: 'Hello.', messageId: 'm1' });
    await waitUntil(() => acted.length === 1, { what: 'the message to be dealt with' });

    await loseTail(before, { forgotten: true });

    const [fenced] = await waitUntil(async () => ((await events('attempt.fenced')).length > 0 ? events('attempt.fenced') : undefined), {
      what: 'the fence of the attempt',
    });
    expect(fenced).toMatchObject({
      actor: 'agent:dev-1',
      subject: `task/${taskId}`,
      position: { generation: 1 },
      data: { taskId, attempt, assignment, agentId: 'dev-1' },
    });
    expect(listProcesses().map((entry) => entry.pid)).not.toContain(pid);
    read();
    await waitUntil(async () => (await events('message.fenced')).length > 0, { what: 'the fence of the message' });
    expect(await events('message.fenced')).toMatchObject([
      { actor: 'agent:dev-1', subject: 'message/m1', data: { messageId: 'm1', recipient: 'dev-1', step: 'acked' } },
    ]);
    expect(await events('task.assigned')).toEqual([]);
  });

  it('has the older of two attempts of one number stopped, and carries the other one out', async () => {
    const { seq: before } = await server.log.head(0);
    const lost = await atWork();

    await loseTail(before, { forgotten: false });

    await waitUntil(async () => (await events('attempt.fenced')).length > 0, { what: 'the fence' });
    const [again] = await data<{ taskId: string; attempt: number; assignment: string }>('task.assigned');
    expect(again).toMatchObject({ taskId: lost.taskId, attempt: 1 });
    expect(again?.assignment).not.toBe(lost.assignment);
    expect(await data('attempt.fenced')).toMatchObject([{ taskId: lost.taskId, attempt: 1, assignment: lost.assignment }]);
    const next = await waitUntil(async () => Number(await output(lost.taskId)) || undefined, { what: 'the output of the next' });
    const pids = listProcesses().map((entry) => entry.pid);
    expect([pids.includes(lost.pid), pids.includes(next)]).toEqual([false, true]);
  });
});
