import { waitUntil } from '@torch/testing';
import { type JourneyContext } from './journey-context.fixture';

/** The log from outside, and what callers hear while it is away. */
export function describeLogJourneys(c: JourneyContext): void {
  const { get, post, agent } = c;

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
      const status = (await (await c.gateway.fetch('/v1/status')).json()) as {
        services: { service: string; partitions: { missing?: boolean }[] }[];
      };
      expect(status).toMatchObject({ version: expect.any(String), log: { ok: true }, partitions: 2, archive: [] });
      for (const { service, partitions } of status.services) {
        expect([service, partitions.map(({ missing = false }) => missing)]).toEqual([service, [service === 'audit', service === 'audit']]);
      }
    });
  });

  describe('while the log server is away', () => {
    it('every request hears so within two seconds, and everything goes on when it is back', async () => {
      const { agentId, token } = await agent();
      await c.world.goAway();
      const asked = performance.now();
      const answers = await Promise.all([
        get('/tasks'),
        post('/runs', { tasks: [{ key: 'a', role: 'qa', run: 'true' }] }),
        post('/messages', { to: agentId, text: 'Hello.' }, { token }),
      ]);
      expect(performance.now() - asked).toBeLessThan(2000);
      for (const { status, headers, body } of answers) {
        expect([status, headers.get('retry-after'), body.type]).toEqual([503, '1', expect.stringMatching(/^urn:torch:problem:/)]);
      }
      expect((await c.gateway.fetch('/readyz')).status).toBe(503);
      expect((await c.gateway.fetch('/healthz')).status).toBe(200);
      await c.world.comeBack();
      await waitUntil(async () => (await post('/messages', { to: agentId, text: 'Hello again.' })).status === 202, {
        what: 'a message to be taken again',
        deadlineMs: 20_000,
      });
    }, 40_000);
  });
}
