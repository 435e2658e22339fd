import type { JourneyContext } from './journey-context.fixture';

/** What agents say of themselves, and what they share, as callers see it. */
export function describeSharingJourneys(c: JourneyContext): void {
  const { get, post, send, agent } = c;

  describe('an agent', () => {
    it('is changed, drained and paused by itself', async () => {
      const { agentId, token } = await agent();
      const change = { skills: ['ts:3'], labels: { arch: 'arm64' }, capacity: 2 };
      expect((await send('PATCH', `/agents/${agentId}`, change, { token })).status).toBe(200);
      expect((await post(`/agents/${agentId}/drain`, {}, { token })).status).toBe(202);
      expect((await post(`/agents/${agentId}/pause`, { instance: 'i1', pause: 'rate-limited', untilMs: 1 }, { token })).status).toBe(202);
    });

    it('is found by its labels', async () => {
      const agentId = `labelled-${c.unique()}`;
      const body = { role: 'qa', skills: [], harness: 'exec', instance: 'i', labels: { arch: agentId, zone: 'a,b=c' } };
      expect((await send('PUT', `/agents/${agentId}`, body)).status).toBe(200);
      const found = async (query: string) => {
        const { agents } = (await get(`/agents?${query}`)).body as unknown as { agents: { agentId: string }[] };
        return agents.map((each) => each.agentId);
      };
      expect(await found(`labels[arch]=${agentId}&labels[zone]=${encodeURIComponent('a,b=c')}`)).toEqual([agentId]);
      expect(await found(`labels[arch]=${agentId}&labels[zone]=a`)).toEqual([]);
    });

    it('does not give itself another role; people do', async () => {
      const { agentId, token } = await agent();
      const body = { role: 'project-manager', skills: [], harness: 'exec', instance: 'i2' };
      const refused = await send('PUT', `/agents/${agentId}`, body, { token });
      expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
      expect((await send('PUT', `/agents/${agentId}`, body)).status).toBe(200);
      expect((await send('PUT', `/agents/${agentId}`, body, { token })).status).toBe(200);
    });
  });

  describe('a shared document', () => {
    const key = () => `goals-${c.unique()}`;

    it('is written on the version that was read, in the body or as If-Match', async () => {
      const path = `/context/${key()}`;
      const first = await send('PUT', path, { version: 0, text: 'One.' });
      expect([first.status, first.body.version, first.headers.get('etag')]).toEqual([200, 1, '"1"']);
      const second = await send('PUT', path, { text: 'Two.' }, { headers: { 'if-match': '"1"' } });
      expect([second.status, second.body.version]).toEqual([200, 2]);
      const again = await send('PUT', path, { version: 2, text: 'Two.' });
      expect([again.status, again.body.version]).toEqual([200, 2]);
      const read = await get(path);
      expect([read.headers.get('etag'), read.body]).toEqual(['"2"', expect.objectContaining({ text: 'Two.', by: 'user:operator' })]);
      expect((await get(`${path}?version=1`)).body).toMatchObject({ text: 'One.' });
      expect((await get(`${path}/history`)).body).toMatchObject({ versions: [{ version: 2 }, { version: 1 }] });
      expect((await send('DELETE', path, { version: 2 })).body).toMatchObject({ version: 3 });
      expect((await get(path)).body).toMatchObject({ removed: true, version: 3 });
    });

    it('that another was faster with is refused with what is there and both changes, however often', async () => {
      const name = key();
      await send('PUT', `/context/${name}`, { version: 0, text: 'One.' });
      await send('PUT', `/context/${name}`, { version: 1, text: 'Two.' });
      const stale = () =>
        send('PUT', `/context/${name}`, { version: 1, text: 'Mine.' }, { headers: { 'idempotency-key': `stale-${name}` } });
      for (const { status, body } of [await stale(), await stale()]) {
        expect([status, body]).toEqual([
          409,
          expect.objectContaining({
            code: 'context-conflict',
            detail: expect.stringContaining('write on version 2'),
            key: name,
            base: 1,
            newest: expect.objectContaining({ version: 2, text: 'Two.' }),
            comparison: { base: 1, newest: 2, clean: true, merged: 'Two.Mine.', clashes: [] },
          }),
        ]);
      }
      const blind = await send('PUT', `/context/${name}`, { version: 0, text: 'Mine.' });
      expect([blind.status, blind.body.comparison]).toEqual([409, undefined]);
      const removal = await send('DELETE', `/context/${name}`, { version: 1 });
      expect([removal.status, removal.body.code]).toEqual([409, 'context-conflict']);
    });
  });

  describe('a conflict', () => {
    it('is opened, found and settled', async () => {
      const parties = ['agent:a', 'agent:b'].map((actor) => ({ actor, evidence: 'I am right.' }));
      const { status, body } = await post('/conflicts', { kind: 'results', about: 'run-1.t', parties });
      expect([status, body.conflictId]).toEqual([202, expect.stringMatching(/^conflict-[0-9a-f]{20}$/)]);
      expect((await get(`/conflicts/${body.conflictId}`)).body).toMatchObject({ about: 'run-1.t' });
      expect(((await get('/conflicts')).body as unknown as { conflicts: object[] }).conflicts).toHaveLength(1);
      const settled = await post(`/conflicts/${body.conflictId}/resolve`, { resolution: 'Both are.', inFavourOf: 'agent:a' });
      expect(settled.status).toBe(202);
    });
  });
}
