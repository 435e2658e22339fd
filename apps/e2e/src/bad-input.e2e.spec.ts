import { Torch } from './torch.fixture';

const task = (over: object) => ({ key: 'a', role: 'worker', run: 'true', ...over });

describe('bad input', () => {
  const torch = new Torch();
  beforeAll(() => torch.up(), 60_000);
  afterAll(async () => {
    await torch.down();
    torch.remove();
  }, 30_000);

  const nothingWasSubmitted = async (): Promise<void> => {
    expect(await (await torch.http('GET', '/v1/projects/default/runs')).json()).toEqual({ runs: [] });
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
    expect(((await (await torch.http('GET', '/v1/projects/default/runs')).json()) as { runs: unknown[] }).runs).toHaveLength(1);
  });
});
