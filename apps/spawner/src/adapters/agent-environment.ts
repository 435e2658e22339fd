import { SPAWN_FOLDER_VARIABLE } from '@torch/agent';
import type { PoolSpec } from '@torch/contracts';

export interface AgentIdentity {
  readonly project: string;
  readonly agentId: string;
  readonly spawnId: string;
  readonly folder: string;
  readonly node: string;
  /** The gateway's base URL. */
  readonly url: string;
  /** Proves that the agent is that agent, and nothing more. */
  readonly token: string;
}

/**
 * What an agent's process is told: the machine's environment as the spawner has it, the pool's on top, and who it is.
 * Nothing else of Torch's own: not the key that signs tokens, not the way to the log server.
 */
export function agentEnvironment(inherited: NodeJS.ProcessEnv, pool: Pick<PoolSpec, 'env'>, agent: AgentIdentity): NodeJS.ProcessEnv {
  const outside = Object.fromEntries(Object.entries(inherited).filter(([name]) => !name.startsWith('TORCH_')));
  return {
    ...outside,
    ...pool.env,
    TORCH_URL: agent.url,
    TORCH_TOKEN: agent.token,
    TORCH_PROJECT: agent.project,
    TORCH_NODE: agent.node,
    TORCH_AGENT_ID: agent.agentId,
    TORCH_SPAWN_ID: agent.spawnId,
    [SPAWN_FOLDER_VARIABLE]: agent.folder,
  };
}

/** The rest of the torch command for an agent of the pool. Its instance is the spawn, so that its end can be told from an older one's. */
export function agentArguments(pool: PoolSpec, { project, agentId, spawnId }: AgentIdentity): string[] {
  return [
    'agent',
    'run',
    '--project',
    project,
    '--id',
    agentId,
    '--instance',
    spawnId,
    '--role',
    pool.role,
    ...(pool.skills.length > 0 ? ['--skills', pool.skills.join(',')] : []),
    ...(pool.labels ? ['--labels', JSON.stringify(pool.labels)] : []), // A value may have commas in it.
    '--capacity',
    String(pool.capacity),
    '--harness',
    pool.harness,
  ];
}
