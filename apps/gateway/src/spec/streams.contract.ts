import { waitUntil } from '@torch/testing';
import { BASE, type JourneyContext } from './journey-context.fixture';
import { SseReader } from './sse.fixture';

/** What agents and onlookers are told as it happens. */
export function describeStreamJourneys(c: JourneyContext): void {
  const { get, post, submit, agent } = c;

  describe("an agent's stream", () => {
    it('brings work, cancellations, messages and the request to stop', async () => {
      const { agentId, stream } = await agent();
      const reader = await stream();
      expect(Object.fromEntries(reader.response.headers)).toMatchObject({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
      });
      const taskId = await submit(agentId);
      await waitUntil(() => reader.data('work').length > 0, { what: 'the work to come' });
      expect(reader.data('work')).toEqual([
        {
          taskId,
          attempt: 1,
          assignment: await c.assignment(taskId),
          leaseUntilMs: expect.any(Number),
          runId: taskId.split('.')[0],
          spec: expect.objectContaining({ taskId, run: 'true' }),
          correlationId: expect.any(String),
        },
      ]);
      await post(`/tasks/${taskId}/cancel`, { reason: 'Not needed.' });
      await post('/messages', { to: agentId, text: 'Hello.', messageId: `m-${agentId}` });
      await post(`/agents/${agentId}/stop`, { reason: 'Enough.' });
      await waitUntil(() => reader.data('stop').length > 0, { what: 'the request to stop' });
      expect(reader.data('cancel')).toEqual([{ taskId, attempt: 1, reason: 'Not needed.' }]);
      expect(reader.data('message')).toEqual([
        { messageId: `m-${agentId}`, from: 'user:operator', to: agentId, text: 'Hello.', state: 'queued', sentAtMs: expect.any(Number) },
      ]);
      expect(reader.data('stop')).toEqual([{ reason: 'Enough.' }]);
      expect(reader.events.filter(({ event }) => event !== 'open').every(({ id }) => /^\d+\/\d+-\d+\/\d+$/.test(id ?? ''))).toBe(true);
      reader.close();
    });

    it('brings with the work how its dependencies ended, also when it is sent again', async () => {
      const { agentId, stream } = await agent();
      const reader = await stream();
      const plan = {
        tasks: [
          { key: 'build', role: 'qa', run: 'true' },
          { key: 'test', role: agentId, run: 'true', dependsOn: ['build'] },
        ],
      };
      const { runId } = (await post('/runs', plan)).body;
      const inputs = [{ taskId: `${runId}.build`, key: `${runId}.build`, status: 'completed', result: { of: `${runId}.build` } }];
      await waitUntil(() => reader.data('work').length > 0, { what: 'the work to come' });
      expect(reader.data('work')).toEqual([expect.objectContaining({ taskId: `${runId}.test`, inputs })]);
      const again = await stream();
      await waitUntil(() => again.data('open').length > 0, { what: 'everything open' });
      expect(again.data('work')).toEqual([expect.objectContaining({ taskId: `${runId}.test`, inputs })]);
      again.close();
    });

    it('says that a message was dispatched, and the agent how far it got from there', async () => {
      const { agentId, token, stream } = await agent();
      const reader = await stream();
      const messageId = `m-${agentId}`;
      await post('/messages', { to: agentId, text: 'Hello.', messageId });
      const state = async () =>
        ((await get(`/messages/${messageId}`)).body as unknown as { deliveries: { state: string }[] }).deliveries[0]?.state;
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
      expect(reader.data('open')).toEqual([{ attempts: [{ taskId: open, attempt: 1, assignment: await c.assignment(open) }] }]);
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
      const response = await c.gateway.fetch(`${BASE}/agents/nobody/stream?instance=i`);
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
      const first = await SseReader.open(c.gateway, `${BASE}/events`);
      const taskIds = [await submit('qa', 'one'), await submit('qa', 'two')];
      await waitUntil(() => first.data('task.submitted').length === 2, { what: 'both tasks' });
      first.close();
      expect(first.data('task.submitted')).toMatchObject(
        taskIds.map((taskId) => ({ specversion: '1.0', subject: `task/${taskId}`, torchproject: 'default', torchactor: 'user:operator' })),
      );
      const last = first.events.findIndex(({ event }) => event === 'run.submitted');
      const resumed = await SseReader.open(c.gateway, `${BASE}/events`, { headers: { 'last-event-id': first.events[last]?.id as string } });
      await waitUntil(() => resumed.events.length >= first.events.length - last - 1, { what: 'the rest' });
      expect(resumed.events.slice(0, 3).map(({ id }) => id)).toEqual(first.events.slice(last + 1, last + 4).map(({ id }) => id));
      resumed.close();
    });

    it('begins behind a seq, with the types and the subject that were asked for', async () => {
      const taskId = await submit('qa');
      const reader = await SseReader.open(c.gateway, `${BASE}/events?after=0&types=task.submitted,task.completed&subject=task/${taskId}`);
      await waitUntil(() => reader.events.length > 0, { what: 'the event' });
      expect(reader.events.map(({ event }) => event)).toEqual(['task.submitted']);
      reader.close();
    });

    it.each([
      ['9/1-0/0', 'unknown-position'],
      ['0/99999-0/0', 'unknown-position'],
      ['1/99999-0/0', 'unknown-position'],
    ])('is not resumed behind %s', async (id, code) => {
      const response = await c.gateway.fetch(`${BASE}/events`, { headers: { 'last-event-id': id } });
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([409, code]);
    });
  });
}
