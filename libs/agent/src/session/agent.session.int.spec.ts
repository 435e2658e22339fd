import type { InboxEntry, TaskSpec } from '@torch/contracts';
import { aWork, GatewayDouble, problem } from '../testing/gateway.double';
import { until } from '../testing/poll';
import { ExecHarness } from '../exec/exec.harness';
import { GatewayClient } from '../http/gateway.client';
import { AgentSession, type SessionEnd } from './agent.session';
import type { Harness } from './harness';
import type { SessionConfig } from './session.config';

const attempts = /^.*\/attempts\//;
const path = (what: string): RegExp => new RegExp(`attempts/\\d+/${what}$`);

describe('an agent session', () => {
  let gateway: GatewayDouble;
  let ended: Promise<SessionEnd>[];
  let sessions: AgentSession[];
  const logged: string[] = [];

  beforeEach(async () => {
    gateway = await new GatewayDouble().start();
    sessions = [];
    ended = [];
    logged.length = 0;
  });
  afterEach(async () => {
    for (const session of sessions) session.close('The test is over.');
    await Promise.all(ended);
    await gateway.stop();
  });

  function begin(
    harness: Harness = new ExecHarness({ killGraceMs: 200, stopGraceMs: 100 }),
    config: Partial<SessionConfig> = {},
  ): AgentSession {
    const client = new GatewayClient({ url: gateway.url, token: 't', retry: { pauseMs: 5, pauseMsMax: 20 } });
    const session = new AgentSession({
      project: client.project('shop'),
      harness,
      log: (_level, message) => logged.push(message),
      agent: { agentId: 'dev-1', role: 'developer', skills: ['ts'], capacity: 2, harness: harness.name, instance: 'i-1' },
      config: { heartbeatMs: 50, reportPauseMsMax: 50, stream: { reconnectMs: 5, reconnectMsMax: 50 }, ...config },
    });
    sessions.push(session);
    ended.push(session.run());
    return session;
  }

  async function connected(...args: Parameters<typeof begin>): Promise<AgentSession> {
    const session = begin(...args);
    await until('the stream', () => gateway.connected);
    return session;
  }

  const give = (spec: Partial<TaskSpec>, attempt = 1, assignment?: string): void =>
    gateway.send({ type: 'work', data: aWork(spec, attempt, assignment) });
  const done = (what = 'complete') => until(`"${what}"`, () => gateway.to('POST', path(what))[0]);

  it('registers, then keeps its heartbeat up', async () => {
    await connected();
    await until('heartbeats', () => gateway.to('POST', /heartbeat$/).length >= 3);
    const [first] = gateway.requests;
    expect(first).toMatchObject({ method: 'PUT', path: '/v1/projects/shop/agents/dev-1' });
    expect(first?.json()).toEqual({ role: 'developer', skills: ['ts'], capacity: 2, harness: 'exec', instance: 'i-1' });
    expect(gateway.to('POST', /heartbeat$/)[0]?.json()).toEqual({ instance: 'i-1' });
  });

  it('registers as soon as the gateway is there', async () => {
    await gateway.stop();
    begin();
    await gateway.start();
    await until('the stream', () => gateway.connected);
  });

  it('registers again when the registry does not know it', async () => {
    await connected();
    gateway.known = false;
    await until('a second registration', () => gateway.to('PUT', /dev-1$/).length >= 2);
    gateway.known = true;
  });

  it('ends without a word of its own when another instance has its id', async () => {
    await connected();
    gateway.answer = ({ method }) => (method === 'PUT' ? problem(409, 'stale-instance') : undefined);
    gateway.known = false;
    expect(await ended[0]).toEqual({ kind: 'replaced', reason: 'It is so: stale-instance.' });
    expect(gateway.to('DELETE', /./)).toEqual([]);
  });

  it.each(['unknown-agent', 'stale-instance'])('registers again at once when its stream is refused as %s', async (code) => {
    let refusals = 0;
    gateway.answer = ({ path: at }) => (at.endsWith('/stream') && refusals++ === 0 ? problem(409, code) : undefined);
    await connected(undefined, { heartbeatMs: 60_000 });
    expect(gateway.to('PUT', /dev-1$/)).toHaveLength(2);
  });

  it('stays while its project is not there, and goes on when it is again', async () => {
    await connected();
    gateway.answer = () => problem(404, 'unknown-project');
    gateway.cutStreams();
    await until('a heartbeat that is refused', () => logged.some((line) => line.startsWith('No answer to a heartbeat')));
    gateway.answer = () => undefined;
    await until('the stream', () => gateway.connected);
  });

  it('ends when the gateway will not have it', async () => {
    gateway.answer = () => problem(403, 'forbidden');
    begin();
    expect(await ended[0]).toEqual({ kind: 'refused', reason: 'It is so: forbidden.' });
  });

  it("starts work, streams its output by offset and reports the result under the attempt's own key", async () => {
    await connected();
    give({ run: 'echo hello; echo world' });
    const complete = await done();
    expect(gateway.to('POST', path('start'))[0]?.json()).toEqual({ agentId: 'dev-1', assignment: 'as-1' });
    expect(complete.json()).toMatchObject({ agentId: 'dev-1', exitCode: 0, outputTail: 'hello\nworld\n', durationMs: expect.any(Number) });
    expect(complete.headers).toMatchObject({ 'idempotency-key': 'run-1.build/1/as-1/complete', 'torch-correlation-id': 'corr-1' });
    expect([...gateway.outputs.values()].map(String)).toEqual(['hello\nworld\n']);
  });

  it('takes work that comes twice once, and its next attempt anew', async () => {
    await connected();
    give({ run: 'exit 1' });
    give({ run: 'exit 1' });
    await done('fail');
    gateway.cutStreams();
    await until('the next stream', () => gateway.connected);
    give({ run: 'exit 1' });
    give({ run: 'true' }, 2);
    await done('complete');
    expect(gateway.to('POST', path('start')).map(({ path: at }) => at.replace(attempts, ''))).toEqual(['1/start', '2/start']);
    expect(new Set(gateway.to('POST', path('fail')).map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(gateway.to('POST', path('fail'))[0]?.json()).toMatchObject({ class: 'retryable', reason: 'exit-code', exitCode: 1 });
  });

  it('does not lose a result while the gateway is away', async () => {
    await connected();
    give({ run: 'sleep 0.3; echo kept' });
    await done('start');
    await gateway.stop();
    await until('the end of the work', () => logged.some((line) => line.includes('The stream of work was cut')));
    await gateway.start();
    expect((await done()).json()).toMatchObject({ exitCode: 0, outputTail: 'kept\n' });
    expect([...gateway.outputs.values()].map(String)).toEqual(['kept\n']);
  });

  it('does not lose a result while the log server is away', async () => {
    let refusals = 0;
    gateway.answer = ({ path: at }) => (path('complete').test(at) && refusals++ < 5 ? problem(503, 'log-unavailable') : undefined);
    await connected();
    give({ run: 'true' });
    await until('acceptance', () => logged.includes('Completed.'));
    expect(new Set(gateway.to('POST', path('complete')).map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(gateway.to('POST', path('complete'))).toHaveLength(6);
  });

  it('does not begin work whose start is refused', async () => {
    gateway.answer = ({ path: at }) => (path('start').test(at) ? problem(409, 'attempt-over') : undefined);
    await connected();
    give({ run: 'echo never' });
    await until('the refusal', () => logged.some((line) => line.includes('refused to take "start"')));
    expect(gateway.outputs.size).toBe(0);
    expect(gateway.to('POST', path('fail'))).toEqual([]);
  });

  it('ends cancelled work and reports nothing of it', async () => {
    await connected();
    give({ run: 'echo up; sleep 60' });
    await until('its output', () => gateway.outputs.size > 0);
    gateway.send({ type: 'cancel', data: { taskId: 'run-1.build', attempt: 1, reason: 'not needed' } });
    await until('its end', () => logged.includes('Ended before it was done: not needed'));
    expect(gateway.to('POST', path('(complete|fail)'))).toEqual([]);
  });

  it('ends work of which it learns after a cut that it is over', async () => {
    await connected();
    give({ taskId: 'a', run: 'echo up; sleep 60' });
    give({ taskId: 'b', run: 'echo up; sleep 60' });
    await until('their output', () => gateway.outputs.size === 2);
    gateway.send({ type: 'open', data: { attempts: [{ taskId: 'b', attempt: 1, assignment: 'as-1' }] } });
    await until('the end of one', () => logged.includes('Ended before it was done: The attempt is not open any more.'));
    expect(logged.filter((line) => line.startsWith('Ended'))).toHaveLength(1);
  });

  it('reports a harness that throws as a failure to be tried again', async () => {
    await connected({ name: 'broken', onWork: () => Promise.reject(new Error('out of tokens')), onMessage: () => Promise.resolve() });
    give({ prompt: 'x' });
    expect((await done('fail')).json()).toMatchObject({
      class: 'retryable',
      reason: 'harness',
      message: 'The broken harness failed: out of tokens',
    });
  });

  it('passes progress on, the newest first when there is more than it may send', async () => {
    await connected(
      {
        name: 'talker',
        onMessage: () => Promise.resolve(),
        onWork: async (_work, context) => {
          for (let percent = 0; percent <= 100; percent += 10) context.progress({ percent, note: `at ${percent}` });
          await until('two reports', () => gateway.to('POST', path('progress')).length >= 2);
          return { outcome: 'completed' };
        },
      },
      { progressEveryMs: 20 },
    );
    give({ prompt: 'x' });
    await done();
    expect(gateway.to('POST', path('progress')).map((request) => request.json().percent)).toEqual([0, 100]);
  });

  it('confirms a message, has it dealt with, acknowledges it, once', async () => {
    const message: InboxEntry = { messageId: 'm1', from: 'user:operator', to: '@all', text: 'hi', state: 'queued', sentAtMs: 1 };
    const dealt: string[] = [];
    await connected({
      name: 'reader',
      onWork: () => Promise.resolve({ outcome: 'completed' }),
      onMessage: async ({ text }) => void dealt.push(text),
    });
    gateway.send({ type: 'message', data: message });
    gateway.send({ type: 'message', data: message });
    await until('the acknowledgement', () => gateway.to('POST', /inboxes\/dev-1\/m1\/ack$/).length === 1);
    expect(gateway.to('POST', /inboxes/).map(({ path: at }) => at.split('/').at(-1))).toEqual(['delivered', 'ack']);
    expect(dealt).toEqual(['hi']);
  });

  it('does not acknowledge a message that the harness failed at, and takes it again', async () => {
    const message: InboxEntry = { messageId: 'm1', from: 'user:operator', to: '@all', text: 'hi', state: 'queued', sentAtMs: 1 };
    let tries = 0;
    await connected({
      name: 'reader',
      onWork: () => Promise.resolve({ outcome: 'completed' }),
      onMessage: () => (tries++ === 0 ? Promise.reject(new Error('busy')) : Promise.resolve()),
    });
    gateway.send({ type: 'message', data: message });
    await until('the failure', () => logged.includes('A message was not dealt with: busy'));
    gateway.send({ type: 'message', data: message });
    await until('the acknowledgement', () => gateway.to('POST', /ack$/).length === 1);
    expect(tries).toBe(2);
  });

  it('reports what it was doing as failed, to be tried again, when it is stopped, then deregisters', async () => {
    const session = await connected();
    give({ run: 'trap "" TERM; echo up; while :; do sleep 60; done' });
    await until('its output', () => gateway.outputs.size > 0);
    const startedAtMs = Date.now();
    session.close('The agent got SIGTERM.');
    expect(await ended[0]).toEqual({ kind: 'stopped', reason: 'The agent got SIGTERM.' });
    expect(Date.now() - startedAtMs).toBeLessThan(3000);
    expect(gateway.to('POST', path('fail'))[0]?.json()).toMatchObject({
      class: 'retryable',
      reason: 'harness',
      message: 'Agent stopped: The agent got SIGTERM.',
      outputTail: 'up\n',
    });
    expect(gateway.requests.at(-1)).toMatchObject({ method: 'DELETE', path: '/v1/projects/shop/agents/dev-1' });
  });

  it('is stopped by Torch', async () => {
    await connected();
    gateway.send({ type: 'stop', data: { reason: 'pool retired' } });
    expect(await ended[0]).toEqual({ kind: 'stopped', reason: 'pool retired' });
  });

  it('does not take for ever to end while the gateway is away', async () => {
    const session = await connected(undefined, { closeMs: 300, deregisterMs: 200 });
    give({ run: 'echo up; sleep 60' });
    await until('its output', () => gateway.outputs.size > 0);
    await gateway.stop();
    const startedAtMs = Date.now();
    session.close('over');
    await ended[0];
    expect(Date.now() - startedAtMs).toBeLessThan(2000);
  });
});
