import type { Work } from '../http/gateway.answers';
import type { WorkContext } from '../session/harness';

/** Variables that name what belongs to one attempt: those that the agent itself was started with are another's. */
const OF_AN_ATTEMPT = ['TORCH_INPUTS', 'TORCH_INPUTS_FILE', 'TORCH_RESULT_FILE', 'TORCH_USAGE_FILE'] as const;

/** What a process of the attempt is told: the agent's own environment, the spec's on top, and whose it is. */
export function taskEnvironment(
  { taskId, attempt, assignment, runId, spec }: Work,
  { project, agentId, instance, traceparent }: Pick<WorkContext, 'project' | 'agentId' | 'instance' | 'traceparent'>,
): NodeJS.ProcessEnv {
  const inherited: NodeJS.ProcessEnv = { ...process.env };
  for (const name of OF_AN_ATTEMPT) delete inherited[name];
  return {
    ...inherited,
    ...spec.env,
    TORCH_TASK_ID: taskId,
    TORCH_ATTEMPT: String(attempt),
    TORCH_ASSIGNMENT: assignment,
    TORCH_RUN_ID: runId,
    TORCH_PROJECT: project,
    TORCH_AGENT_ID: agentId,
    TORCH_AGENT_INSTANCE: instance,
    ...(traceparent === undefined ? {} : { TRACEPARENT: traceparent }),
  };
}
