import { GatewayDouble, problem } from '../testing/gateway.double';
import { GatewayClient } from './gateway.client';
import { GatewayProblem, GatewayUnreachable } from './gateway.errors';

describe('the gateway client', () => {
  let gateway: GatewayDouble;
  let client: GatewayClient;

  beforeEach(async () => {
    gateway = await new GatewayDouble().start();
    client = new GatewayClient({ url: gateway.url, token: 'secret', retry: { pauseMs: 5, pauseMsMax: 20, budgetMs: 3000 } });
  });
  afterEach(() => gateway.stop());

  it('sends its token, its body and what it is asked to pass on', async () => {
    await client
      .project('shop')
      .sendMessage({ to: '@all', text: 'hi' }, { correlationId: 'c1', traceparent: '00-1-2-01', idempotencyKey: 'k1' });
    const [seen] = gateway.requests;
    expect(seen).toMatchObject({ method: 'POST', path: '/v1/projects/shop/messages' });
    expect(seen?.headers).toMatchObject({
      authorization: 'Bearer secret',
      'content-type': 'application/json',
      'idempotency-key': 'k1',
      'torch-correlation-id': 'c1',
      traceparent: '00-1-2-01',
    });
    expect(seen?.json()).toEqual({ to: '@all', text: 'hi' });
  });

  it('writes filters into the query and leaves out what is not given', async () => {
    await client.project('shop').listAgents({ role: 'developer', skills: ['ts', 'sql'], limit: undefined });
    expect(gateway.requests[0]?.query.toString()).toBe('role=developer&skills=ts%2Csql');
  });

  it('repeats a write under one idempotency key until it is taken', async () => {
    gateway.answer = () =>
      gateway.requests.length === 1 ? 'cut' : gateway.requests.length === 2 ? problem(503, 'log-unavailable') : undefined;
    await expect(client.project('shop').retryTask('t1')).resolves.toEqual({ position: '1-0' });
    expect(gateway.requests).toHaveLength(3);
    expect(new Set(gateway.requests.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(gateway.requests[0]?.headers['idempotency-key']).toBeTruthy();
  });

  it('waits as long as Retry-After says', async () => {
    const times: number[] = [];
    gateway.answer = () => {
      times.push(Date.now());
      return times.length === 1 ? problem(503, 'log-unavailable', {}, { 'retry-after': '1' }) : undefined;
    };
    await client.project('shop').retryTask('t1');
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('gives up when the budget is used up, with the last problem', async () => {
    gateway.answer = () => problem(503, 'log-unavailable', {}, { 'retry-after': '5' });
    await expect(client.status()).rejects.toMatchObject({ status: 503, code: 'log-unavailable', retryAfterMs: 5000 });
    expect(gateway.requests).toHaveLength(1);
  });

  it('does not repeat what was refused, and names the fields', async () => {
    gateway.answer = () => problem(400, 'invalid-body', { errors: [{ pointer: '/tasks/0', message: '"tasks.0" is not an object.' }] });
    const failure = await client
      .project('shop')
      .submitRun({ tasks: [] })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(GatewayProblem);
    expect(failure).toMatchObject({
      status: 400,
      code: 'invalid-body',
      errors: [{ pointer: '/tasks/0', message: '"tasks.0" is not an object.' }],
    });
    expect(gateway.requests).toHaveLength(1);
  });

  it('makes a problem of an answer that is none', async () => {
    gateway.answer = () => ({ status: 500, headers: { 'content-type': 'text/html' }, body: 'oops' });
    await expect(client.status()).rejects.toMatchObject({ status: 500, code: 'unexpected-answer' });
  });

  it('says that the gateway is not reachable, and why', async () => {
    await gateway.stop();
    const failure = await client.status({ retry: { attemptsMax: 2 } }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(GatewayUnreachable);
    expect((failure as Error).message).toMatch(/^Torch's gateway at http:\/\/127\.0\.0\.1:\d+ is not reachable: .*ECONNREFUSED/);
  });

  it('reaches a gateway that comes back while it tries', async () => {
    await gateway.stop();
    const answer = client.project('shop').retryTask('t1', { retry: { attemptsMax: 1000 } });
    await gateway.start();
    await expect(answer).resolves.toEqual({ position: '1-0' });
  });

  it('stops trying when its caller does', async () => {
    gateway.answer = () => problem(503, 'log-unavailable');
    const caller = new AbortController();
    const answer = client.status({ signal: caller.signal, retry: { attemptsMax: 1000 } });
    caller.abort(new Error('enough'));
    await expect(answer).rejects.toThrow('enough');
  });
});
