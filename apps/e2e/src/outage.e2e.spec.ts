import { Torch } from './torch.fixture';
import { waitUntil } from '@torch/testing';

describe('a log server that does not answer', () => {
  const torch = new Torch();
  beforeAll(() => torch.up(), 60_000);
  afterAll(async () => {
    await torch.down();
    torch.remove();
  }, 30_000);

  const submit = (key: string) =>
    torch.http(
      'POST',
      '/v1/projects/default/runs',
      { agents: [{ role: 'worker' }], tasks: [{ key: 'only', role: 'worker', run: 'true' }] },
      { 'idempotency-key': key },
    );

  const acceptedOnce = (key: string): Promise<Response> =>
    waitUntil(
      async () => {
        const answer = await submit(key);
        return answer.status === 202 ? answer : undefined;
      },
      { what: `the gateway to accept "${key}"`, deadlineMs: 20_000 },
    );

  it('makes the gateway answer 503 with Retry-After within 2 s, and loses nothing that it accepted', async () => {
    const accepted = await acceptedOnce('accepted');
    const { runId } = (await accepted.json()) as { runId: string };
    const pid = torch.pidOf('log');
    process.kill(pid, 'SIGSTOP');
    try {
      const startedAt = performance.now();
      const refused = await submit('while-away');
      const tookMs = performance.now() - startedAt;
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(refused.headers.get('content-type')).toContain('application/problem+json');
      expect(tookMs).toBeLessThan(2500);
      await waitUntil(async () => (await torch.http('GET', '/readyz')).status === 503, { what: 'the gateway to be unready' });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    const again = await acceptedOnce('while-away');
    const second = ((await again.json()) as { runId: string }).runId;
    for (const id of [runId, second]) {
      await waitUntil(
        async () =>
          ((await (await torch.http('GET', `/v1/projects/default/runs/${id}`)).json()) as { status: string }).status === 'completed',
        { what: `run ${id}`, deadlineMs: 30_000 },
      );
    }
    const { runs } = (await (await torch.http('GET', '/v1/projects/default/runs')).json()) as { runs: unknown[] };
    expect(runs).toHaveLength(2);
  }, 90_000);
});
