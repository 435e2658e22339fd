import type { PoolSpec } from '@torch/contracts';
import { agentArguments, agentEnvironment } from './agent-environment';

const agent = {
  project: 'shop',
  agentId: 'dev-1',
  spawnId: 's1',
  folder: '/data/agents/dev-1/s1',
  node: 'n1',
  url: 'http://127.0.0.1:7420',
  token: 'agent-token',
};

describe("an agent's environment", () => {
  it("has the machine's variables, the pool's over them, and who the agent is over all", () => {
    const env = agentEnvironment({ PATH: '/bin', LANG: 'C' }, { env: { LANG: 'de', TORCH_TOKEN: 'forged' } }, agent);
    expect(env).toEqual({
      PATH: '/bin',
      LANG: 'de',
      TORCH_URL: 'http://127.0.0.1:7420',
      TORCH_TOKEN: 'agent-token',
      TORCH_PROJECT: 'shop',
      TORCH_NODE: 'n1',
      TORCH_AGENT_ID: 'dev-1',
      TORCH_SPAWN_ID: 's1',
      TORCH_SPAWN_FOLDER: '/data/agents/dev-1/s1',
    });
  });

  it("has nothing of the service's own", () => {
    const env = agentEnvironment(
      { TORCH_TOKEN_SECRET: 'key', TORCH_LOG_URL: 'redis://:pw@h', TORCH_SUPERVISED: '1', TORCH_DATA_DIR: '/d' },
      {},
      agent,
    );
    expect(Object.keys(env).filter((name) => /SECRET|LOG_URL|SUPERVISED|DATA_DIR/.test(name))).toEqual([]);
  });

  it('goes with the arguments that make it an agent of its pool', () => {
    const pool = { role: 'developer', skills: ['ts', 'sql'], capacity: 2, harness: 'exec' } as PoolSpec;
    expect(agentArguments(pool, agent).join(' ')).toBe(
      'agent run --project shop --id dev-1 --instance s1 --role developer --skills ts,sql --capacity 2 --harness exec',
    );
    expect(agentArguments({ ...pool, skills: [] }, agent)).not.toContain('--skills');
    expect(agentArguments({ ...pool, labels: { arch: 'arm64', zone: 'a,b' } }, agent)).toContain('{"arch":"arm64","zone":"a,b"}');
  });
});
