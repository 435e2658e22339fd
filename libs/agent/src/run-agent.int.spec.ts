import { runAgent, type RunAgentOptions } from './run-agent';
import { GatewayDouble } from './testing/gateway.double';
import { until } from './testing/poll';

describe('an agent that is run', () => {
  let gateway: GatewayDouble;
  beforeEach(async () => (gateway = await new GatewayDouble().start()));
  afterEach(() => gateway.stop());

  /** What it registers as. */
  async function registered(more: Partial<RunAgentOptions> = {}): Promise<Record<string, unknown>> {
    const stop = new AbortController();
    const { url } = gateway;
    const options = { url, token: 't', project: 'shop', agentId: 'dev-1', role: 'developer', log: () => undefined, signal: stop.signal };
    const ended = runAgent({ ...options, ...more });
    try {
      return (await until('its registration', () => gateway.to('PUT', /\/agents\/dev-1$/)[0])).json();
    } finally {
      stop.abort('The test is over.');
      expect(await ended).toEqual({ kind: 'stopped', reason: 'The test is over.' });
    }
  }

  it('says which model is behind it, and which version drives it', async () => {
    expect(await registered({ model: 'm-1', version: '2.3.0' })).toMatchObject({ harness: 'exec', model: 'm-1', version: '2.3.0' });
  });

  it('says nothing of a model or a version that it was not told', async () => {
    const body = await registered();
    expect(body).toMatchObject({ role: 'developer', skills: [], capacity: 1, pid: process.pid, instance: expect.any(String) });
    expect(body).not.toHaveProperty('model');
    expect(body).not.toHaveProperty('version');
  });

  it('is not run by a harness that is not there', async () => {
    const options = { url: gateway.url, project: 'shop', agentId: 'dev-1', role: 'developer' };
    await expect(runAgent({ ...options, harness: 'none' })).rejects.toThrow('There is no harness "none"; there is: exec.');
  });
});
