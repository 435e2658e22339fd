import type { LogServer } from '@torch/log';
import { waitUntil } from '@torch/testing';
import { GatewayFixture } from './gateway.fixture';
import { SseReader } from './sse.fixture';

export interface JourneyWorld {
  /** A further client of the log server. */
  connect(): LogServer | Promise<LogServer>;
  goAway(): Promise<void> | void;
  comeBack(): Promise<void> | void;
}

const BASE = '/v1/projects/default';
let runsMade = 0;

/** What the gateway does for its callers, over any log server. */
export function describeJourneys(startWorld: () => Promise<JourneyWorld & { stop(): Promise<void> }>): void {
  let world: Awaited<ReturnType<typeof startWorld>>;
  let gateway: GatewayFixture;

  beforeAll(async () => {
    world = await startWorld();
    gateway = await GatewayFixture.start({ connect: () => world.connect(), limits: { pingEveryMs: 50, outputPollMs: 50, watchEveryMs: 25, watchTimeoutMs: 300 } });
  }, 60_000);
  afterAll(async () => {
    await gateway.stop();
    await world.stop();
  }, 60_000);

  const send = async (method: string, path: string, body?: unknown, init: { token?: string; headers?: Record<string, string> } = {}) => {
    const response = await gateway.fetch(BASE + path, { method, body, ...init });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: (text === '' ? {} : JSON.parse(text)) as Record<string, string> };
  };
  const get = (path: string, init?: { token?: string }) => send('GET', path, undefined, init);
  const post = (path: string, body?: unknown, init?: { token?: string; headers?: Record<string, string> }) => send('POST', path, body, init);
  const submit = async (role: string, key = 'lint') => {
    const { status, body } = await post('/runs', { tasks: [{ key, role, run: 'true' }] });
    expect(status).toBe(202);
    return (body.tasks as unknown as { taskId: string }[])[0]?.taskId as string;
  };
  /** A registered agent of its own for each test, and its stream. */
  const agent = async (instance = 'i1') => {
    const agentId = `dev-${runsMade++}`;
    const token = await gateway.token(`agent:${agentId}`, ['default']);
    const register = (as: string) => send('PUT', `/agents/${agentId}`, { role: agentId, skills: [], harness: 'exec', instance: as }, { token });
    expect((await register(instance)).status).toBe(200);
    const stream = (as = instance) => SseReader.open(gateway, `${BASE}/agents/${agentId}/stream?instance=${as}`, { token });
    return { agentId, token, register, stream };
  };

  describe('a project', () => {
    it('is created once', async () => {
      const create = () => gateway.fetch('/v1/projects', { method: 'POST', body: { project: 'fresh' } });
      expect((await create()).status).toBe(201);
      const again = await create();
      expect([again.status, await again.json()]).toEqual([200, { project: 'fresh', exists: true, createdAtMs: expect.any(Number) }]);
      expect((await gateway.fetch('/v1/projects/fresh/tasks')).status).toBe(200);
    });
  });

  describe('a plan', () => {
    const plan = { agents: [{ role: 'qa', count: 2 }], tasks: [{ key: 'a', role: 'qa', run: 'true' }, { key: 'b', role: 'qa', run: 'true', dependsOn: ['a'] }] };

    it('becomes a run with its tasks and pools', async () => {
      const { status, body } = await post('/runs', plan);
      expect(status).toBe(202);
      const runId = body.runId;
      expect(body).toEqual({
        runId: expect.stringMatching(/^run-[0-9a-f]{20}$/), project: 'default',
        tasks: [{ key: 'a', taskId: `${runId}.a` }, { key: 'b', taskId: `${runId}.b` }], position: expect.stringMatching(/^\d+-\d+$/),
      });
      expect((await get(`/runs/${runId}`)).body).toMatchObject({ runId, total: 2 });
      expect((await get(`/tasks/${runId}.b`)).body).toMatchObject({ runId, spec: { key: 'b', dependsOn: [`${runId}.a`], timeoutMs: 1_800_000 } });
      const { pools } = (await get('/pools')).body as unknown as { pools: { pool: { runId?: string } }[] };
      expect(pools.filter(({ pool }) => pool.runId === runId)).toMatchObject([{ pool: { poolId: `${runId}.qa.0`, min: 2, max: 2 }, retired: false }]);
    });

    it('sent three times under one key is one run', async () => {
      const init = { headers: { 'idempotency-key': `three-${runsMade++}` } };
      const answers = [await post('/runs', plan, init), ...(await Promise.all([post('/runs', plan, init), post('/runs', plan, init)]))];
      expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
      expect(answers[1]?.body).toEqual(answers[0]?.body);
      expect(answers[2]?.body).toEqual(answers[0]?.body);
      const { runs } = (await get('/runs')).body as unknown as { runs: { runId: string }[] };
      expect(runs.filter(({ runId }) => runId === (answers[0]?.body.runId))).toHaveLength(1);
    });

    it('under the key of another plan is refused, and changes nothing of that', async () => {
      const init = { headers: { 'idempotency-key': `other-${runsMade++}` } };
      const { body } = await post('/runs', plan, init);
      const other = await post('/runs', { ...plan, agents: [{ role: 'qa', count: 9 }], tasks: [{ key: 'c', role: 'qa', run: 'false' }] }, init);
      expect([other.status, other.body.code]).toEqual([409, 'run-exists']);
      const { pools } = (await get('/pools')).body as unknown as { pools: { pool: { poolId: string } }[] };
      expect(pools.find(({ pool }) => pool.poolId === `${body.runId}.qa.0`)).toMatchObject({ pool: { max: 2 }, retired: false });
    });

    it('that is refused leaves no pools behind', async () => {
      const before = ((await get('/pools')).body as unknown as { pools: { retired: boolean }[] }).pools.filter(({ retired }) => !retired).length;
      const { status, body } = await post('/runs', { ...plan, name: 'refused' });
      expect([status, body.code]).toEqual([422, 'run-refused']);
      const after = ((await get('/pools')).body as unknown as { pools: { retired: boolean }[] }).pools.filter(({ retired }) => !retired).length;
      expect(after).toBe(before);
    });
  });

  describe('an attempt', () => {
    it('is reported on by its agent, and by a person who names it', async () => {
      const { agentId, token } = await agent();
      const taskId = await submit(agentId);
      const at = `/tasks/${taskId}/attempts/1`;
      expect((await post(`${at}/start`, {}, { token })).status).toBe(202);
      expect((await post(`${at}/progress`, { agentId, percent: 50 })).status).toBe(202);
      expect((await post(`${at}/progress`, { percent: 101 }, { token })).body).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '/percent' }] });
      expect((await post(`${at}/start`, {})).body).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '/agentId' }] });
      expect((await post(`${at}/complete`, { exitCode: 0, durationMs: 5 }, { token })).status).toBe(202);
      expect((await get(`/tasks/${taskId}`)).body).toMatchObject({ status: 'completed', agentId });
    });

    it('that is not the live one is refused', async () => {
      const { agentId, token } = await agent();
      const taskId = await submit(agentId);
      const { status, body } = await post(`/tasks/${taskId}/attempts/2/complete`, { durationMs: 5 }, { token });
      expect([status, body.code]).toEqual([409, 'stale-attempt']);
    });

    it('has a history with everything that the log says of its task', async () => {
      const { agentId, token } = await agent();
      const taskId = await submit(agentId);
      await post(`/tasks/${taskId}/attempts/1/start`, {}, { token });
      await submit('qa', 'noise');
      await post(`/tasks/${taskId}/attempts/1/complete`, { durationMs: 5 }, { token });
      const { events, next } = (await get(`/tasks/${taskId}/history`)).body as unknown as { events: { type: string; torchactor: string }[]; next?: number };
      expect(events.map(({ type }) => type)).toEqual(['task.submitted', 'task.assigned', 'task.started', 'task.completed']);
      expect(events.map(({ torchactor }) => torchactor)).toEqual(['user:operator', 'service:scheduler', `agent:${agentId}`, `agent:${agentId}`]);
      expect(next).toBeUndefined();
    });
  });

  describe('the output of an attempt', () => {
    const chunk = (path: string, offset: number, text: string, token: string) =>
      gateway.fetch(`${BASE}${path}?offset=${offset}`, { method: 'POST', body: text, token, headers: { 'content-type': 'text/plain' } });

    it('is appended by its agent, at its end, and read by anybody', async () => {
      const { agentId, token } = await agent();
      const taskId = await submit(agentId);
      const path = `/tasks/${taskId}/attempts/1/output`;
      expect(await (await chunk(path, 0, 'one ', token)).json()).toEqual({ size: 4 });
      expect(await (await chunk(path, 0, 'one ', token)).json()).toEqual({ size: 4 });
      const wrong = await chunk(path, 9, 'two', token);
      expect([wrong.status, await wrong.json()]).toEqual([409, expect.objectContaining({ code: 'wrong-offset', expectedOffset: 4 })]);
      await chunk(path, 4, 'two', token);
      const read = await gateway.fetch(`${BASE}/tasks/${taskId}/output?offset=2`);
      expect([await read.text(), read.headers.get('torch-attempt'), read.headers.get('content-type')]).toEqual(['e two', '1', 'text/plain; charset=utf-8']);
    });

    it('is not for other agents, nor for attempts that are not there', async () => {
      const { agentId } = await agent();
      const taskId = await submit(agentId);
      const stranger = await gateway.token('agent:stranger', ['default']);
      expect((await chunk(`/tasks/${taskId}/attempts/1/output`, 0, 'x', stranger)).status).toBe(403);
      expect((await chunk(`/tasks/${taskId}/attempts/2/output`, 0, 'x', gateway.operator)).status).toBe(409);
      expect((await chunk('/tasks/none/attempts/1/output', 0, 'x', gateway.operator)).status).toBe(404);
    });

    it('takes pieces up to a ceiling, and of one kind', async () => {
      const { agentId, token } = await agent();
      const path = `${BASE}/tasks/${await submit(agentId)}/attempts/1/output?offset=0`;
      const big = Buffer.alloc(256 * 1024 + 1);
      const octets = { 'content-type': 'application/octet-stream' };
      expect((await gateway.fetch(path, { method: 'POST', body: big, token, headers: octets })).status).toBe(413);
      expect((await gateway.fetch(path, { method: 'POST', body: big.subarray(1), token, headers: octets })).status).toBe(200);
      expect((await gateway.fetch(path, { method: 'POST', body: {}, token })).status).toBe(415);
    });

    it('is followed until the attempt has ended', async () => {
      const { agentId, token } = await agent();
      const taskId = await submit(agentId);
      await chunk(`/tasks/${taskId}/attempts/1/output`, 0, 'one ', token);
      const following = await gateway.fetch(`${BASE}/tasks/${taskId}/output?follow=true`);
      const text = following.text();
      await chunk(`/tasks/${taskId}/attempts/1/output`, 4, 'two ', token);
      await chunk(`/tasks/${taskId}/attempts/1/output`, 8, 'three', token);
      await post(`/tasks/${taskId}/attempts/1/complete`, { durationMs: 5 }, { token });
      expect(await text).toBe('one two three');
      expect(await (await gateway.fetch(`${BASE}/tasks/${taskId}/output?follow=true`)).text()).toBe('one two three');
    });
  });

  describe("an agent's stream", () => {
    it('brings work, cancellations, messages and the request to stop', async () => {
      const { agentId, stream } = await agent();
      const reader = await stream();
      expect(Object.fromEntries(reader.response.headers)).toMatchObject({
        'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no', 'x-content-type-options': 'nosniff',
      });
      const taskId = await submit(agentId);
      await waitUntil(() => reader.data('work').length > 0, { what: 'the work to come' });
      expect(reader.data('work')).toEqual([
        { taskId, attempt: 1, leaseUntilMs: expect.any(Number), runId: taskId.split('.')[0], spec: expect.objectContaining({ taskId, run: 'true' }), correlationId: expect.any(String) },
      ]);
      await post(`/tasks/${taskId}/cancel`, { reason: 'Not needed.' });
      await post('/messages', { to: agentId, text: 'Hello.', messageId: `m-${agentId}` });
      await post(`/agents/${agentId}/stop`, { reason: 'Enough.' });
      await waitUntil(() => reader.data('stop').length > 0, { what: 'the request to stop' });
      expect(reader.data('cancel')).toEqual([{ taskId, attempt: 1, reason: 'Not needed.' }]);
      expect(reader.data('message')).toEqual([{ messageId: `m-${agentId}`, from: 'user:operator', to: agentId, text: 'Hello.', state: 'queued', sentAtMs: expect.any(Number) }]);
      expect(reader.data('stop')).toEqual([{ reason: 'Enough.' }]);
      expect(reader.events.filter(({ event }) => event !== 'open').every(({ id }) => /^\d+\/\d+-\d+\/\d+$/.test(id ?? ''))).toBe(true);
      reader.close();
    });

    it('says that a message was dispatched, and the agent how far it got from there', async () => {
      const { agentId, token, stream } = await agent();
      const reader = await stream();
      const messageId = `m-${agentId}`;
      await post('/messages', { to: agentId, text: 'Hello.', messageId });
      const state = async () => ((await get(`/messages/${messageId}`)).body as unknown as { deliveries: { state: string }[] }).deliveries[0]?.state;
      await waitUntil(async () => (await state()) === 'dispatched', { what: 'the dispatch to be recorded' });
      expect((await post(`/inboxes/${agentId}/${messageId}/delivered`, undefined, { token })).status).toBe(202);
      expect(await state()).toBe('delivered');
      expect(((await get(`/inboxes/${agentId}`, { token })).body as unknown as { messages: object[] }).messages).toHaveLength(1);
      expect((await post(`/inboxes/${agentId}/${messageId}/ack`, undefined, { token })).status).toBe(202);
      expect(await state()).toBe('acked');
      reader.close();
    });

    it('begins with everything that is open, once, and says when that is all', async () => {
      const { agentId, stream } = await agent();
      const [open, cancelled] = [await submit(agentId, 'open'), await submit(agentId, 'cancelled')];
      await post(`/tasks/${cancelled}/cancel`, {});
      for (const n of [1, 2]) await post('/messages', { to: agentId, text: `${n}`, messageId: `m-${agentId}-${n}` });
      const reader = await stream();
      await waitUntil(() => reader.data('open').length > 0, { what: 'everything open' });
      expect(reader.events.map(({ event }) => event)).toEqual(['work', 'message', 'message', 'open']);
      expect(reader.data('open')).toEqual([{ attempts: [{ taskId: open, attempt: 1 }] }]);
      await post('/messages', { to: agentId, text: '3', messageId: `m-${agentId}-3` });
      await waitUntil(() => reader.data('message').length === 3, { what: 'the next message' });
      expect(reader.data('message').map(({ text }) => text)).toEqual(['1', '2', '3']);
      reader.close();
    });

    it('ends when the same agent connects again', async () => {
      const { agentId, stream } = await agent();
      const older = await stream();
      const newer = await stream();
      await waitUntil(() => older.ended, { what: 'the older stream to end' });
      await post('/messages', { to: agentId, text: 'Hello.' });
      await waitUntil(() => newer.data('message').length === 1, { what: 'the message on the newer stream' });
      expect(older.data('message')).toEqual([]);
      newer.close();
    });

    it('ends when another instance registers, and is not opened for one that was replaced', async () => {
      const { register, stream } = await agent('i1');
      const reader = await stream('i1');
      await register('i2');
      await waitUntil(() => reader.ended, { what: 'the stream of the older instance to end' });
      const stale = await stream('i1');
      expect([stale.response.status, ((await stale.response.json()) as { code: string }).code]).toEqual([409, 'stale-instance']);
    });

    it('is not opened for an agent that nobody knows', async () => {
      const response = await gateway.fetch(`${BASE}/agents/nobody/stream?instance=i`);
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([404, 'unknown-agent']);
    });

    it('shows a sign of life now and then', async () => {
      const { stream } = await agent();
      const reader = await stream();
      await waitUntil(() => reader.comments > 2, { what: 'a few pings' });
      reader.close();
    });

    it('reaches everybody with one message', async () => {
      const [a, b] = [await agent(), await agent()];
      const readers = [await a.stream(), await b.stream()];
      await post('/messages', { to: '@all', text: 'Everybody.', messageId: `all-${a.agentId}` });
      for (const reader of readers) {
        await waitUntil(() => reader.data('message').some(({ text }) => text === 'Everybody.'), { what: 'the message for everybody' });
        reader.close();
      }
    });
  });

  describe('the event stream', () => {
    it('tells what comes, and resumes behind the last event that the client has', async () => {
      const first = await SseReader.open(gateway, `${BASE}/events`);
      const taskIds = [await submit('qa', 'one'), await submit('qa', 'two')];
      await waitUntil(() => first.data('task.submitted').length === 2, { what: 'both tasks' });
      first.close();
      expect(first.data('task.submitted')).toMatchObject(taskIds.map((taskId) => ({ specversion: '1.0', subject: `task/${taskId}`, torchproject: 'default', torchactor: 'user:operator' })));
      const last = first.events.findIndex(({ event }) => event === 'run.submitted');
      const resumed = await SseReader.open(gateway, `${BASE}/events`, { headers: { 'last-event-id': first.events[last]?.id as string } });
      await waitUntil(() => resumed.events.length >= first.events.length - last - 1, { what: 'the rest' });
      expect(resumed.events.slice(0, 3).map(({ id }) => id)).toEqual(first.events.slice(last + 1, last + 4).map(({ id }) => id));
      resumed.close();
    });

    it('begins behind a seq, with the types and the subject that were asked for', async () => {
      const taskId = await submit('qa');
      const reader = await SseReader.open(gateway, `${BASE}/events?after=0&types=task.submitted,task.completed&subject=task/${taskId}`);
      await waitUntil(() => reader.events.length > 0, { what: 'the event' });
      expect(reader.events.map(({ event }) => event)).toEqual(['task.submitted']);
      reader.close();
    });

    it.each([['9/1-0/0', 'unknown-position'], ['0/99999-0/0', 'unknown-position'], ['1/99999-0/0', 'unknown-position']])('is not resumed behind %s', async (id, code) => {
      const response = await gateway.fetch(`${BASE}/events`, { headers: { 'last-event-id': id } });
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([409, code]);
    });
  });

  describe('the log', () => {
    it('shows a commit, and digests of every deciding service', async () => {
      const { body } = await post('/runs', { tasks: [{ key: 'a', role: 'qa', run: 'true' }] });
      const commit = (await get(`/log/${body.position}`)).body as unknown as { service: string; events: { type: string }[] };
      expect(commit).toMatchObject({ service: 'scheduler', position: body.position, epoch: expect.any(Number), answers: 1 });
      expect(commit.events.map(({ type }) => type)).toEqual(['run.submitted', 'task.submitted']);
      const { services } = (await get('/digests')).body as unknown as { services: { service: string; digest: string }[] };
      expect(services.map(({ service }) => service)).toEqual(['gateway', 'registry', 'scheduler', 'spawner']);
      for (const { digest } of services) expect(digest).toMatch(/^[0-9a-f]{64}$/);
    });

    it('has owners, and says where one is missing', async () => {
      const status = (await (await gateway.fetch('/v1/status')).json()) as { services: { service: string; partitions: { missing?: boolean }[] }[] };
      expect(status).toMatchObject({ version: expect.any(String), log: { ok: true }, partitions: 2 });
      for (const { service, partitions } of status.services) {
        expect([service, partitions.map(({ missing = false }) => missing)]).toEqual([service, [service === 'audit', service === 'audit']]);
      }
    });
  });

  describe('while the log server is away', () => {
    it('every request hears so within two seconds, and everything goes on when it is back', async () => {
      const { agentId, token } = await agent();
      await world.goAway();
      const asked = performance.now();
      const answers = await Promise.all([get('/tasks'), post('/runs', { tasks: [{ key: 'a', role: 'qa', run: 'true' }] }), post('/messages', { to: agentId, text: 'Hello.' }, { token })]);
      expect(performance.now() - asked).toBeLessThan(2000);
      for (const { status, headers, body } of answers) {
        expect([status, headers.get('retry-after'), body.type]).toEqual([503, '1', expect.stringMatching(/^urn:torch:problem:/)]);
      }
      expect((await gateway.fetch('/readyz')).status).toBe(503);
      expect((await gateway.fetch('/healthz')).status).toBe(200);
      await world.comeBack();
      await waitUntil(async () => (await post('/messages', { to: agentId, text: 'Hello again.' })).status === 202, { what: 'a message to be taken again', deadlineMs: 20_000 });
    }, 40_000);
  });
}
