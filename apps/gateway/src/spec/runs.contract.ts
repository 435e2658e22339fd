import { BASE, type JourneyContext } from './journey-context.fixture';

/** Projects, runs, attempts and their output, as callers see them. */
export function describeRunJourneys(c: JourneyContext): void {
  const { get, post, submit, agent, unique } = c;

  describe('a project', () => {
    it('is created once', async () => {
      const create = () => c.gateway.fetch('/v1/projects', { method: 'POST', body: { project: 'fresh' } });
      expect((await create()).status).toBe(201);
      const again = await create();
      expect([again.status, await again.json()]).toEqual([200, { project: 'fresh', exists: true, createdAtMs: expect.any(Number) }]);
      expect((await c.gateway.fetch('/v1/projects/fresh/tasks')).status).toBe(200);
    });
  });

  describe('a plan', () => {
    const plan = {
      agents: [{ role: 'qa', count: 2 }],
      tasks: [
        { key: 'a', role: 'qa', run: 'true' },
        { key: 'b', role: 'qa', run: 'true', dependsOn: ['a'] },
      ],
    };

    it('becomes a run with its tasks and pools', async () => {
      const { status, body } = await post('/runs', plan);
      expect(status).toBe(202);
      const runId = body.runId;
      expect(body).toEqual({
        runId: expect.stringMatching(/^run-[0-9a-f]{20}$/),
        project: 'default',
        tasks: [
          { key: 'a', taskId: `${runId}.a` },
          { key: 'b', taskId: `${runId}.b` },
        ],
        position: expect.stringMatching(/^\d+-\d+$/),
      });
      expect((await get(`/runs/${runId}`)).body).toMatchObject({ runId, total: 2 });
      expect((await get(`/tasks/${runId}.b`)).body).toMatchObject({
        runId,
        spec: { key: 'b', dependsOn: [`${runId}.a`], timeoutMs: 1_800_000 },
      });
      const { pools } = (await get('/pools')).body as unknown as { pools: { pool: { runId?: string } }[] };
      expect(pools.filter(({ pool }) => pool.runId === runId)).toMatchObject([
        { pool: { poolId: `${runId}.qa.0`, min: 2, max: 2 }, retired: false },
      ]);
    });

    it('sent three times under one key is one run', async () => {
      const init = { headers: { 'idempotency-key': `three-${unique()}` } };
      const answers = [await post('/runs', plan, init), ...(await Promise.all([post('/runs', plan, init), post('/runs', plan, init)]))];
      expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
      expect(answers[1]?.body).toEqual(answers[0]?.body);
      expect(answers[2]?.body).toEqual(answers[0]?.body);
      const { runs } = (await get('/runs')).body as unknown as { runs: { runId: string }[] };
      expect(runs.filter(({ runId }) => runId === answers[0]?.body.runId)).toHaveLength(1);
    });

    it('under the key of another plan is refused, and changes nothing of that', async () => {
      const init = { headers: { 'idempotency-key': `other-${unique()}` } };
      const { body } = await post('/runs', plan, init);
      const other = await post(
        '/runs',
        { ...plan, agents: [{ role: 'qa', count: 9 }], tasks: [{ key: 'c', role: 'qa', run: 'false' }] },
        init,
      );
      expect([other.status, other.body.code]).toEqual([409, 'run-exists']);
      const { pools } = (await get('/pools')).body as unknown as { pools: { pool: { poolId: string } }[] };
      expect(pools.find(({ pool }) => pool.poolId === `${body.runId}.qa.0`)).toMatchObject({ pool: { max: 2 }, retired: false });
    });

    it('that is refused leaves no pools behind', async () => {
      const before = ((await get('/pools')).body as unknown as { pools: { retired: boolean }[] }).pools.filter(
        ({ retired }) => !retired,
      ).length;
      const { status, body } = await post('/runs', { ...plan, name: 'refused' });
      expect([status, body.code]).toEqual([422, 'run-refused']);
      const after = ((await get('/pools')).body as unknown as { pools: { retired: boolean }[] }).pools.filter(
        ({ retired }) => !retired,
      ).length;
      expect(after).toBe(before);
    });
  });

  describe('an attempt', () => {
    it('is reported on by its agent, and by a person who names it', async () => {
      const { agentId, token } = await agent();
      const taskId = await submit(agentId);
      const at = `/tasks/${taskId}/attempts/1`;
      const assignment = await c.assignment(taskId);
      expect((await post(`${at}/start`, { assignment }, { token })).status).toBe(202);
      expect((await post(`${at}/progress`, { assignment, agentId, percent: 50 })).status).toBe(202);
      expect((await post(`${at}/progress`, { assignment, percent: 101 }, { token })).body).toMatchObject({
        code: 'invalid-request',
        errors: [{ pointer: '/percent' }],
      });
      expect((await post(`${at}/start`, { assignment })).body).toMatchObject({
        code: 'invalid-request',
        errors: [{ pointer: '/agentId' }],
      });
      expect((await post(`${at}/complete`, { assignment, exitCode: 0, durationMs: 5 }, { token })).status).toBe(202);
      expect((await get(`/tasks/${taskId}`)).body).toMatchObject({ status: 'completed', agentId });
    });

    it('that is not the live one is refused', async () => {
      const { agentId, token } = await agent();
      const taskId = await submit(agentId);
      const live = { attempt: 1, assignment: await c.assignment(taskId) };
      for (const { attempt, assignment } of [
        { ...live, attempt: 2 },
        { ...live, assignment: 'lost' },
      ]) {
        const { status, body } = await post(`/tasks/${taskId}/attempts/${attempt}/complete`, { assignment, durationMs: 5 }, { token });
        expect([status, body.code]).toEqual([409, 'stale-attempt']);
      }
    });

    it('has a history with everything that the log says of its task', async () => {
      const { agentId, token } = await agent();
      const taskId = await submit(agentId);
      const assignment = await c.assignment(taskId);
      await post(`/tasks/${taskId}/attempts/1/start`, { assignment }, { token });
      await submit('qa', 'noise');
      await post(`/tasks/${taskId}/attempts/1/complete`, { assignment, durationMs: 5 }, { token });
      const { events, next } = (await get(`/tasks/${taskId}/history`)).body as unknown as {
        events: { type: string; torchactor: string }[];
        next?: number;
      };
      expect(events.map(({ type }) => type)).toEqual(['task.submitted', 'task.assigned', 'task.started', 'task.completed']);
      expect(events.map(({ torchactor }) => torchactor)).toEqual([
        'user:operator',
        'service:scheduler',
        `agent:${agentId}`,
        `agent:${agentId}`,
      ]);
      expect(next).toBeUndefined();
    });
  });

  describe('the output of an attempt', () => {
    const chunk = (path: string, offset: number, text: string, token: string) =>
      c.gateway.fetch(`${BASE}${path}&offset=${offset}`, { method: 'POST', body: text, token, headers: { 'content-type': 'text/plain' } });
    const outputOf = async (taskId: string): Promise<string> =>
      `/tasks/${taskId}/attempts/1/output?assignment=${await c.assignment(taskId)}`;

    it('is appended by its agent, at its end, and read by anybody', async () => {
      const { agentId, token } = await agent();
      const taskId = await submit(agentId);
      const path = await outputOf(taskId);
      expect(await (await chunk(path, 0, 'one ', token)).json()).toEqual({ size: 4 });
      expect(await (await chunk(path, 0, 'one ', token)).json()).toEqual({ size: 4 });
      const wrong = await chunk(path, 9, 'two', token);
      expect([wrong.status, await wrong.json()]).toEqual([409, expect.objectContaining({ code: 'wrong-offset', expectedOffset: 4 })]);
      await chunk(path, 4, 'two', token);
      const read = await c.gateway.fetch(`${BASE}/tasks/${taskId}/output?offset=2`);
      expect([await read.text(), read.headers.get('torch-attempt'), read.headers.get('content-type')]).toEqual([
        'e two',
        '1',
        'text/plain; charset=utf-8',
      ]);
      expect(await (await c.gateway.fetch(`${BASE}/tasks/${taskId}/output?attempt=2`)).text()).toBe('');
    });

    it('is not for other agents, nor for attempts that are not there', async () => {
      const { agentId, token } = await agent();
      const taskId = await submit(agentId);
      const stranger = await c.gateway.token('agent:stranger', ['default']);
      const assignment = await c.assignment(taskId);
      const status = async (path: string, as: string) => (await chunk(`/tasks/${path}`, 0, 'x', as)).status;
      expect(await status(`${taskId}/attempts/1/output?assignment=${assignment}`, stranger)).toBe(403);
      expect(await status(`${taskId}/attempts/2/output?assignment=${assignment}`, c.gateway.operator)).toBe(409);
      expect(await status(`${taskId}/attempts/1/output?assignment=lost`, token)).toBe(409);
      expect(await status('none/attempts/1/output?assignment=lost', c.gateway.operator)).toBe(404);
    });

    it('takes pieces up to a ceiling, and of one kind', async () => {
      const { agentId, token } = await agent();
      const path = `${BASE}${await outputOf(await submit(agentId))}&offset=0`;
      const big = Buffer.alloc(256 * 1024 + 1);
      const octets = { 'content-type': 'application/octet-stream' };
      expect((await c.gateway.fetch(path, { method: 'POST', body: big, token, headers: octets })).status).toBe(413);
      expect((await c.gateway.fetch(path, { method: 'POST', body: big.subarray(1), token, headers: octets })).status).toBe(200);
      expect((await c.gateway.fetch(path, { method: 'POST', body: {}, token })).status).toBe(415);
    });

    it('is followed until the attempt has ended', async () => {
      const { agentId, token } = await agent();
      const taskId = await submit(agentId);
      const path = await outputOf(taskId);
      await chunk(path, 0, 'one ', token);
      const following = await c.gateway.fetch(`${BASE}/tasks/${taskId}/output?follow=true`);
      const text = following.text();
      await chunk(path, 4, 'two ', token);
      await chunk(path, 8, 'three', token);
      await post(`/tasks/${taskId}/attempts/1/complete`, { assignment: await c.assignment(taskId), durationMs: 5 }, { token });
      expect(await text).toBe('one two three');
      expect(await (await c.gateway.fetch(`${BASE}/tasks/${taskId}/output?follow=true`)).text()).toBe('one two three');
    });
  });
}
