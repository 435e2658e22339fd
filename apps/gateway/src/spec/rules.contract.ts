import type { JourneyContext } from './journey-context.fixture';
import { CLAIM_OF_OLD, HOLDER } from './rules.fixture';

/** Limits, claims, approvals, budgets, schedules and control, as callers see them. */
export function describeRuleJourneys(c: JourneyContext): void {
  const { get, post, send, submit, agent } = c;

  /** What the commit says that an accepted write led to. */
  const written = async ({ status, body }: { status: number; body: Record<string, string> }) => {
    const { events } = (await get(`/log/${body.position}`)).body as unknown as { events: { type: string; data: object }[] };
    return { status, ...(events[0] && { type: events[0].type, data: events[0].data }) };
  };

  describe('limits and stopping', () => {
    it('are set, read and taken away by people', async () => {
      const limit = { concurrency: 2, rate: { tasks: 5, perMs: 1000 }, weight: 0.5 };
      expect(await written(await send('PUT', '/limits/key/user%3Aada', limit))).toEqual({
        status: 200,
        type: 'limit.set',
        data: { scope: 'key', name: 'user:ada', ...limit, setAtMs: expect.any(Number) },
      });
      expect((await get('/limits')).body).toMatchObject({ stopped: false, limits: [{ scope: 'role', name: 'developer' }] });
      expect((await get('/limits/role/developer')).body).toMatchObject({ concurrency: 2, inUse: 1 });
      expect(await written(await send('DELETE', '/limits/role/*'))).toMatchObject({ status: 200, data: { scope: 'role', name: '*' } });
    });

    it('of all work is a word, and so is going on', async () => {
      expect(await written(await post('/stop', {}))).toMatchObject({ status: 202, data: { reason: 'Stopped by user:operator.' } });
      expect(await written(await post('/resume'))).toMatchObject({ status: 202, type: 'work.resumed' });
    });
  });

  describe('claims', () => {
    const paths = [{ path: 'repo:src/**', mode: 'exclusive' }];

    it('are granted to the agent that asks, under an id of their own', async () => {
      const { agentId, token } = await agent();
      const { status, body } = await post('/claims', { paths, taskId: 'run-1.t', leaseMs: 5000 }, { token });
      expect([status, body]).toEqual([
        200,
        {
          claimId: expect.stringMatching(/^claim-[0-9a-f]{20}$/),
          granted: true,
          leaseUntilMs: expect.any(Number),
          position: expect.any(String),
        },
      ]);
      expect(await written(await post(`/claims/${body.claimId}/release`, {}, { token }))).toMatchObject({
        status: 202,
        data: { claimId: body.claimId, agentId, reason: 'released' },
      });
    });

    it('that another holds are refused with the holder, and again under the same key', async () => {
      const { token } = await agent();
      const init = { token, headers: { 'idempotency-key': `held-${c.unique()}` } };
      const held = { claimId: 'cl-1', paths: [{ path: 'repo:held/a.ts', mode: 'exclusive' }] };
      for (const { status, body } of [await post('/claims', held, init), await post('/claims', held, init)]) {
        expect([status, body]).toEqual([
          409,
          expect.objectContaining({
            code: 'claim-held',
            claimId: 'cl-1',
            heldBy: HOLDER,
            detail: expect.stringContaining('agent "dev-9"'),
          }),
        ]);
      }
    });

    it('that change nothing are recalled', async () => {
      const { status, body } = await post('/claims', { claimId: CLAIM_OF_OLD, agentId: 'dev-1', paths });
      expect([status, body]).toMatchObject([200, { claimId: CLAIM_OF_OLD, granted: true }]);
    });

    it('are listed by agent', async () => {
      expect((await get('/claims?agentId=dev-9')).body).toEqual({ claims: [HOLDER] });
      expect((await get('/claims?agentId=dev-8')).body).toEqual({ claims: [] });
    });
  });

  describe('approvals', () => {
    it('are asked for by the agent of an attempt and answered by people', async () => {
      const { agentId, token } = await agent();
      const taskId = await submit(agentId);
      const asked = await post(
        `/tasks/${taskId}/attempts/1/approvals`,
        { assignment: await c.assignment(taskId), question: 'May I?' },
        { token },
      );
      expect(await written(asked)).toMatchObject({
        status: 202,
        data: { approvalId: asked.body.approvalId, taskId, attempt: 1, agentId, question: 'May I?' },
      });
      const answered = await post(`/approvals/${asked.body.approvalId}/answer`, { option: 'approve', note: 'Go on.' });
      expect(await written(answered)).toMatchObject({ status: 202, data: { option: 'approve', note: 'Go on.', timedOut: false } });
    });

    it('are listed, and found by their id', async () => {
      expect((await get('/approvals')).body).toMatchObject({ approvals: [{ approvalId: 'ap-1' }] });
      expect((await get('/approvals?open=false')).body).toEqual({ approvals: [] });
      expect((await get('/approvals/ap-1')).body).toMatchObject({ question: 'May I?' });
    });

    it('are not answered twice, nor by whom they do not ask', async () => {
      const { token } = await agent();
      const answer = async (option: string, init = {}) => {
        const { status, body } = await post('/approvals/ap-1/answer', { option }, init);
        return [status, body.code];
      };
      expect(await answer('late')).toEqual([409, 'approval-answered']);
      expect(await answer('approve', { token })).toEqual([403, 'not-asked']);
    });
  });

  describe('budgets and usage', () => {
    it('are set for the project, its days and agents', async () => {
      const limit = { tokens: 1000, costUsd: 2.5 };
      expect(await written(await send('PUT', '/budgets/day', { limit }))).toMatchObject({ status: 200, data: { scope: 'day', limit } });
      expect(await written(await send('PUT', '/budgets/agent/*', { limit: {} }))).toMatchObject({
        data: { scope: 'agent', name: '*', limit: {} },
      });
      expect((await get('/budgets')).body).toMatchObject({ budgets: [{ scope: 'project', used: { tokens: 10 } }] });
      expect((await get('/usage?by=role&limit=5')).body).toMatchObject({ totals: [{ name: 'developer', costUsd: 0.5 }] });
    });
  });

  describe('schedules', () => {
    const schedule = { cron: '30 2 * * *', timeZone: 'Europe/Berlin', task: { key: 'lint', role: 'qa', run: 'true', deadline: '10m' } };

    it('are set with the task of a plan, read and removed', async () => {
      const { cron, timeZone } = schedule;
      expect(await written(await send('PUT', '/schedules/lint-nightly', schedule))).toMatchObject({
        status: 200,
        type: 'schedule.set',
        data: { scheduleId: 'lint-nightly', cron, timeZone, task: { key: 'lint', timeoutMs: 600_000, deadlineMs: 600_000, retries: 2 } },
      });
      expect((await get('/schedules')).body).toMatchObject({ schedules: [{ scheduleId: 'nightly' }] });
      expect((await get('/schedules/nightly')).body).toMatchObject({ cron: '@daily' });
      expect(await written(await send('DELETE', '/schedules/lint-nightly'))).toMatchObject({ status: 200, type: 'schedule.removed' });
    });
  });

  describe('a task', () => {
    it('is explained, moved forward and cancelled with what depends on it', async () => {
      const taskId = await submit('qa');
      expect((await get(`/tasks/${taskId}/explain`)).body).toMatchObject({ taskId, summary: 'It waits for nothing.' });
      expect(await written(await post(`/tasks/${taskId}/priority`, { priority: 0 }))).toMatchObject({ status: 202, data: { priority: 0 } });
      expect((await post(`/tasks/${taskId}/cancel`, { subtree: true })).status).toBe(202);
      expect(await written(await post('/tasks/redrive', { taskIds: [taskId] }))).toMatchObject({ status: 202, type: 'task.requeued' });
    });
  });
}
