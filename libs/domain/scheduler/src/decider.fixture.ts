import type {
  AgentRegistered,
  CancelTask,
  CompleteTask,
  FailTask,
  RedriveTasks,
  SchedulerCommand,
  SubmitRun,
  TaskSpec,
} from '@torch/contracts';
import type { NewEvent } from '@torch/kernel';
import { schedulerDecider, type SchedulerDecider } from './decider';
import { assignmentOf, type SchedulerState } from './scheduler.state';

type Part<T> = Partial<T>;

/** A task `run-1.<key>` for any developer. Dependencies are given by key. */
export function task(key: string, { dependsOn = [], ...rest }: Part<TaskSpec> = {}): TaskSpec {
  return {
    taskId: `run-1.${key}`,
    key,
    title: `Task ${key}`,
    role: 'developer',
    skills: [],
    prefer: [],
    run: 'true',
    priority: 5,
    timeoutMs: 60_000,
    retries: 2,
    ...rest,
    dependsOn: dependsOn.map((dependency) => `run-1.${dependency}`),
  };
}

export const submitRun = (tasks: TaskSpec[], part: Part<SubmitRun> = {}) => ({
  type: 'SubmitRun',
  data: { runId: 'run-1', tasks, ...part },
});
export const startTask = (key: string, { attempt = 1, agentId = 'agent-1' } = {}) => ({
  type: 'StartTask',
  data: { taskId: `run-1.${key}`, attempt, agentId },
});
export const reportProgress = (key: string, { attempt = 1, agentId = 'agent-1', note = 'half way' } = {}) => ({
  type: 'ReportProgress',
  data: { taskId: `run-1.${key}`, attempt, agentId, note },
});
export const completeTask = (key: string, part: Part<CompleteTask> = {}) => ({
  type: 'CompleteTask',
  data: { taskId: `run-1.${key}`, attempt: 1, agentId: 'agent-1', exitCode: 0, durationMs: 7, ...part },
});
export const failTask = (key: string, part: Part<FailTask> = {}) => ({
  type: 'FailTask',
  data: {
    taskId: `run-1.${key}`,
    attempt: 1,
    agentId: 'agent-1',
    class: 'retryable',
    reason: 'exit-code',
    message: 'exit code 1',
    exitCode: 1,
    durationMs: 7,
    ...part,
  },
});
export const cancelTask = (key: string, reason = 'not wanted', part: Part<CancelTask> = {}) => ({
  type: 'CancelTask',
  data: { taskId: `run-1.${key}`, reason, ...part },
});
export const cancelRun = (reason = 'not wanted') => ({ type: 'CancelRun', data: { runId: 'run-1', reason } });
export const retryTask = (key: string) => ({ type: 'RetryTask', data: { taskId: `run-1.${key}` } });
export const changePriority = (key: string, priority: number) => ({
  type: 'ChangePriority',
  data: { taskId: `run-1.${key}`, priority },
});
export const redriveTasks = (data: Part<RedriveTasks> = {}) => ({ type: 'RedriveTasks', data });
export const stopWork = (reason = 'enough for today') => ({ type: 'StopWork', data: { reason } });
export const resumeWork = () => ({ type: 'ResumeWork', data: {} });
export const releaseAgent = (agentId: string, reason: 'agent-lost' | 'agent-gone') => ({ type: 'ReleaseAgent', data: { agentId, reason } });

export const registered = (agentId: string, part: Part<AgentRegistered> = {}) => ({
  type: 'agent.registered',
  data: {
    agentId,
    name: agentId,
    role: 'developer',
    skills: [],
    capacity: 1,
    harness: 'exec',
    instance: `${agentId}/1`,
    registeredAtMs: 1_000_000,
    ...part,
  },
});
export const suspected = (agentId: string) => ({ type: 'agent.suspected', data: { agentId, lastSeenAtMs: 1, suspectedAtMs: 2 } });
export const recovered = (agentId: string) => ({ type: 'agent.recovered', data: { agentId, recoveredAtMs: 3 } });
export const lost = (agentId: string) => ({ type: 'agent.lost', data: { agentId, reason: 'silent', lastSeenAtMs: 1, lostAtMs: 4 } });
export const deregistered = (agentId: string) => ({ type: 'agent.deregistered', data: { agentId, reason: 'done', deregisteredAtMs: 5 } });

export const recordFencedAttempt = (key: string, { attempt = 1, agentId = 'agent-1', assignment = 'lost' } = {}) => ({
  type: 'RecordFencedAttempt',
  data: { taskId: `run-1.${key}`, attempt, assignment, agentId },
});

/** Where a spec does not say under which assignment an agent reports, it is the one that the log has for the attempt. */
export function withAssignments(decider: SchedulerDecider = schedulerDecider): SchedulerDecider {
  return { ...decider, decide: (state, command, context) => decider.decide(state, filledIn(state, command), context) };
}

function filledIn({ tasks }: SchedulerState, command: SchedulerCommand): SchedulerCommand {
  const { taskId, attempt } = command.data as { taskId?: string; attempt?: number };
  if (taskId === undefined || attempt === undefined) return command;
  const task = tasks.get(taskId);
  return { ...command, data: { assignment: (task && assignmentOf(task, attempt)) ?? 'none', ...command.data } } as SchedulerCommand;
}

/** `task.assigned run-1.a` for each event, with what tells it from others of its type. */
export function told(events: readonly NewEvent[]): string[] {
  return events.map(({ type, data }) => {
    const { taskId, runId, agentId, attempt, status, role, waiting, fittingAgents } = data as Record<string, unknown>;
    const about = taskId ?? runId ?? role;
    const what =
      type === 'task.assigned'
        ? ` #${attempt} → ${agentId}`
        : type === 'run.ended'
          ? ` ${status}`
          : type === 'demand.changed'
            ? ` ${waiting}/${fittingAgents}`
            : '';
    return `${type} ${about}${what}`;
  });
}
