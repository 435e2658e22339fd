import type {
  CancelTask,
  CompleteTask,
  RecordFencedAttempt,
  SubmitRun,
  TaskAssigned,
  TaskSpec,
  TaskSubmitted,
  TaskView,
} from '@torch/contracts';
import { type AnyCommand, type NewEvent, Rejection } from '@torch/kernel';
import { ruleQueries, standInRule } from './rules.fixture';
import { definitionOf } from './stand-in.fixture';

interface SchedulerState {
  runs: string[];
  tasks: Record<string, TaskView>;
}

type Report = AnyCommand<string, CompleteTask>;

/** Runs and tasks, without dependencies or retries. A task whose role begins with `dev` goes at once to the agent of that name. */
export const standInScheduler = definitionOf<SchedulerState>({
  service: 'scheduler',
  initialState: () => ({ runs: [], tasks: {} }),
  decide(state, command, { nowMs }) {
    switch (command.type) {
      case 'SubmitRun':
        return submit(state, command.data as SubmitRun, nowMs);
      case 'CancelTask':
        return cancel(state, command.data as CancelTask, nowMs);
      case 'StartTask':
        return [event('started', live(state, command), { ...said(command), leaseUntilMs: nowMs + 60_000, startedAtMs: nowMs })];
      case 'ReportProgress':
        return [event('progressed', live(state, command), { ...said(command), reportedAtMs: nowMs })];
      case 'CompleteTask':
        return [event('completed', live(state, command), { ...said(command), completedAtMs: nowMs })];
      case 'RecordFencedAttempt':
        return fenced(state, command.data as RecordFencedAttempt, nowMs);
      default:
        return standInRule(command, nowMs);
    }
  },
  evolve({ runs, tasks }, { type, data, correlationId, traceparent }) {
    if (type === 'run.submitted') runs.push((data as { runId: string }).runId);
    if (type === 'task.submitted') {
      const { runId, spec, submittedAtMs } = data as TaskSubmitted;
      tasks[spec.taskId] = { runId, spec, status: 'ready', attempt: 0, submittedAtMs, correlationId, traceparent };
    }
    const task = tasks[(data as { taskId: string }).taskId];
    if (!task) return;
    if (type === 'task.assigned')
      Object.assign(task, { status: 'assigned', ...(data as TaskAssigned), taskId: undefined, assignedAtMs: undefined });
    if (type === 'task.started') task.status = 'running';
    if (type === 'task.completed') task.status = 'completed';
    if (type === 'task.cancelled') task.status = 'cancelled';
  },
  settle: ({ tasks }, { nowMs, newId }) =>
    Object.values(tasks)
      .filter(({ status, spec: { role } }) => status === 'ready' && role.startsWith('dev'))
      .map(({ spec, attempt, correlationId, traceparent }) => ({
        ...event('assigned', spec.taskId, {
          taskId: spec.taskId,
          attempt: attempt + 1,
          assignment: newId(),
          agentId: spec.role,
          leaseUntilMs: nowMs + 60_000,
          assignedAtMs: nowMs,
        }),
        correlationId,
        traceparent,
      })),
  queries: {
    GetTask: ({ taskId }: { taskId: string }, { tasks }) => ({ task: tasks[taskId] && withInputs(tasks[taskId]) }),
    ListTasks: (_, { tasks }) => ({ tasks: Object.values(tasks) }),
    GetRun: ({ runId }: { runId: string }, { runs, tasks }) => ({
      run: runs.includes(runId) ? runView(runId, Object.values(tasks)) : undefined,
    }),
    ListRuns: (_, { runs, tasks }) => ({ runs: runs.map((runId) => runView(runId, Object.values(tasks))) }),
    ListAgentWork: ({ agentId }: { agentId: string }, { tasks }) => ({
      tasks: Object.values(tasks)
        .filter((task) => task.agentId === agentId && (task.status === 'assigned' || task.status === 'running'))
        .map(withInputs),
    }),
    ExplainTask: ({ taskId }: { taskId: string }, { tasks }) => ({
      explanation: tasks[taskId] && { taskId, status: tasks[taskId].status, waiting: [], candidates: [], summary: 'It waits for nothing.' },
    }),
    ...ruleQueries,
  },
});

/** Whatever a task depends on counts as completed. */
function withInputs(task: TaskView): TaskView {
  const inputs = task.spec.dependsOn.map((id) => ({ taskId: id, key: id, status: 'completed' as const, result: { of: id } }));
  return inputs.length > 0 ? { ...task, inputs } : task;
}

function submit({ runs }: SchedulerState, { runId, tasks, name }: SubmitRun, nowMs: number): NewEvent[] {
  if (runs.includes(runId)) throw new Rejection('run-exists', `Run "${runId}" exists.`);
  if (name === 'refused') throw new Rejection('run-refused', 'The stand-in refuses runs of this name.');
  const submitted = (spec: TaskSpec): NewEvent => event('submitted', spec.taskId, { runId, spec, submittedAtMs: nowMs });
  return [
    { type: 'run.submitted', subject: `run/${runId}`, data: { runId, tasks: tasks.length, submittedAtMs: nowMs } },
    ...tasks.map(submitted),
  ];
}

function cancel({ tasks }: SchedulerState, { taskId, reason }: CancelTask, nowMs: number): NewEvent[] {
  const task = tasks[taskId];
  if (!task) throw new Rejection('unknown-task', `There is no task "${taskId}".`);
  const { attempt, agentId } = task;
  return [event('cancelled', taskId, { taskId, reason, ...(agentId !== undefined && { attempt, agentId }), cancelledAtMs: nowMs })];
}

function live({ tasks }: SchedulerState, { data }: AnyCommand<string, never>): string {
  const { taskId, attempt, assignment, agentId } = data as Report['data'];
  const task = tasks[taskId];
  if (!task) throw new Rejection('unknown-task', `There is no task "${taskId}".`);
  if (task.attempt !== attempt || task.assignment !== assignment || task.agentId !== agentId)
    throw new Rejection('stale-attempt', `Attempt ${attempt} of task "${taskId}" is not the live one.`);
  return taskId;
}

function fenced({ tasks }: SchedulerState, data: RecordFencedAttempt, nowMs: number): NewEvent[] {
  if (tasks[data.taskId]?.assignment === data.assignment) return [];
  return [
    { type: 'attempt.fenced', subject: `task/${data.taskId}`, data: { ...data, reason: 'Unknown to the stand-in.', fencedAtMs: nowMs } },
  ];
}

/** A report as its event holds it. */
function said({ data }: AnyCommand<string, never>): object {
  const { assignment: _checked, ...said } = data as Report['data'];
  return said;
}

const event = (what: string, taskId: string, data: object): NewEvent => ({ type: `task.${what}`, subject: `task/${taskId}`, data });

function runView(runId: string, tasks: readonly TaskView[]) {
  const own = tasks.filter((task) => task.runId === runId);
  const count = (status: TaskView['status']): number => own.filter((task) => task.status === status).length;
  const counts = { completed: count('completed'), failed: 0, cancelled: count('cancelled'), deadLettered: 0 };
  return { runId, status: 'running', total: own.length, ...counts, submittedAtMs: own[0]?.submittedAtMs ?? 0 };
}
