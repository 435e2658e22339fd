import { waitUntil } from '@torch/testing';
import { runningTorch } from './torch.fixture';

/** Long before a client gives up, on a machine that is slow. The gateway's own limit is two seconds. */
const PATIENCE_MS = 10_000;

const task = (over: object) => ({ key: 'a', role: 'worker', run: 'true', ...over });

const torch = runningTorch();

const runs = async (): Promise<unknown[]> =>
  ((await (await torch.http('GET', '/v1/projects/default/runs')).json()) as { runs: unknown[] }).runs;

describe('bad input', () => {
  const nothingWasSubmitted = async (): Promise<void> => {
    expect(await runs()).toEqual([]);
  };

  it.each([
    ['an unknown field', 'tasks:\n  - key: a\n    role: worker\n    run: "true"\n    colour: red\n', ['colour', ':5']],
    ['a wrong type', 'tasks:\n  - key: a\n    role: worker\n    run: "true"\n    priority: high\n', ['priority', ':5']],
    ['a cycle', JSON.stringify({ tasks: [task({ dependsOn: ['b'] }), task({ key: 'b', dependsOn: ['a'] })] }), ['circle', 'a', 'b']],
    ['an unknown dependency', JSON.stringify({ tasks: [task({ dependsOn: ['ghost'] })] }), ['ghost']],
    ['a key that is there twice', JSON.stringify({ tasks: [task({}), task({})] }), ['Key "a"', ':1:']],
    ['nothing at all', '', ['empty']],
    ['no tasks', 'tasks: []\n', ['tasks']],
    ['no YAML', 'tasks: [unclosed\n', [':2:1']],
    ['10 MB', `name: ${'x'.repeat(10 * 1024 * 1024)}\ntasks: []\n`, ['1048576']],
  ])(
    'refuses a plan with %s, says where, and submits nothing',
    async (_what, text, told) => {
      const { code, stderr } = await torch.cli('run', torch.plan('bad.yaml', text));
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.any(String) });
      expect(stderr).toContain('bad.yaml');
      for (const word of told) expect(stderr).toContain(word);
      await nothingWasSubmitted();
    },
    30_000,
  );

  it.each<[what: string, status: number, code: string, send: () => Promise<Response>]>([
    [
      'a body over the limit',
      413,
      'body-too-large',
      () => torch.http('POST', '/v1/projects/default/runs', `{"name":"${'x'.repeat(2 * 1024 * 1024)}"}`),
    ],
    [
      'a wrong token',
      401,
      'unauthorized',
      () => torch.http('GET', '/v1/projects/default/runs', undefined, { authorization: 'Bearer nonsense' }),
    ],
    ['broken JSON', 400, 'bad-request', () => torch.http('POST', '/v1/projects/default/runs', '{"tasks":')],
    [
      'another content type',
      415,
      'unsupported-media-type',
      () => torch.http('POST', '/v1/projects/default/runs', 'tasks: []', { 'content-type': 'text/yaml' }),
    ],
    ['an unknown project', 404, 'unknown-project', () => torch.http('POST', '/v1/projects/nowhere/runs', { tasks: [task({})] })],
    ['an unknown route', 404, 'not-found', () => torch.http('GET', '/v2/everything')],
  ])('answers %s with status %d and the problem document %s, and changes nothing', async (_what, status, code, send) => {
    const answer = await send();
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await answer.json()).toMatchObject({ status, code, title: expect.any(String), detail: expect.any(String) });
    await nothingWasSubmitted();
  });

  it('names every field that is wrong', async () => {
    const answer = await torch.http('POST', '/v1/projects/default/runs', {
      tasks: [{ key: 'a b', role: 'worker', run: 'true', retries: -1 }],
    });
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { errors: { pointer: string }[] }).errors.map(({ pointer }) => pointer).sort()).toEqual([
      '/tasks/0/key',
      '/tasks/0/retries',
    ]);
    await nothingWasSubmitted();
  });

  it('lets one command that is sent three times under one Idempotency-Key have one effect', async () => {
    const send = () => torch.http('POST', '/v1/projects/default/runs', { tasks: [task({})] }, { 'idempotency-key': 'the-same' });
    const answers = await Promise.all([send(), send(), send()]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    const bodies = await Promise.all(answers.map((answer) => answer.json() as Promise<{ runId: string; position: string }>));
    expect(new Set(bodies.map(({ runId, position }) => `${runId} ${position}`)).size).toBe(1);
    expect(await runs()).toHaveLength(1);
  });
});

describe('a log server that does not answer', () => {
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

  it('makes the gateway answer 503 with Retry-After soon, and loses nothing that it accepted', async () => {
    const before = await runs();
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
      expect(tookMs).toBeLessThan(PATIENCE_MS);
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
    expect(await runs()).toHaveLength(before.length + 2);
  }, 90_000);
});
