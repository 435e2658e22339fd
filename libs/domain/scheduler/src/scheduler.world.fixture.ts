import type { EdgeCondition, FailurePolicy, TaskAssigned, TaskSpec } from '@torch/contracts';
import type { AnyEvent, NewEvent, Rejection } from '@torch/kernel';
import * as fc from 'fast-check';
import {
  completeTask,
  deregistered,
  failTask,
  lost,
  recovered,
  registered,
  reportProgress,
  startTask,
  suspected,
  task,
} from './decider.fixture';
import { reactionTo } from './release-agent';
import { isLive, type SchedulerState } from './scheduler.state';

interface Said {
  readonly type: string;
  readonly data: object;
}

/** One project under the decider, as the testing library's `DeciderRun` is. */
export interface Project {
  state: SchedulerState;
  readonly log: AnyEvent[];
  nowMs: number;
  happened(...events: readonly Said[]): unknown;
  tryToDecide(command: Said): readonly NewEvent[] | Rejection;
  settle(): readonly NewEvent[];
  passTo(nowMs: number): readonly NewEvent[];
  dueAtMs(): number;
  restart(): unknown;
}

export type Reported = 'start' | 'progress' | 'complete' | 'fail' | 'fail for good' | 'rate-limited' | 'budget';

/** A dependency: on an earlier task of the run, or on any task that the project knows. */
interface After {
  readonly which: number;
  readonly elsewhere: boolean;
  readonly on: EdgeCondition;
}
type Planned = Pick<TaskSpec, 'role' | 'skills' | 'prefer' | 'priority' | 'retries' | 'evidence'> & {
  readonly policy: FailurePolicy;
  readonly after: readonly After[];
  /** Bits: which of the times the task has. */
  readonly times: number;
};

const SKILLS = ['css', 'go', 'ts'];
const ROLES = ['developer', 'specialist'];
const AGENTS = 4;

type Control = 'cancel task' | 'cancel subtree' | 'retry task' | 'cancel run' | 'change priority' | 'redrive' | 'stop' | 'resume';

export type Step =
  | { do: 'submit'; tasks: readonly Planned[] }
  | { do: 'register'; agent: number; role: string; skills: string[]; capacity: number; instance: number }
  | { do: 'presence'; agent: number; change: 'suspected' | 'recovered' | 'lost' | 'deregistered' }
  | { do: 'report'; assignment: number; what: Reported }
  | { do: Control; which: number }
  | { do: 'wait'; ms: number }
  | { do: 'wait until due' | 'settle' };

const skills = fc.subarray(SKILLS);
const role = fc.constantFrom(...ROLES);
const agent = fc.nat(AGENTS - 1);
const submitted = fc.record({
  role,
  skills: fc.subarray(SKILLS, { maxLength: 1 }),
  prefer: skills,
  priority: fc.nat(9),
  retries: fc.nat(2),
  policy: fc.constantFrom('skip', 'skip', 'fail', 'continue' as const),
  after: fc.array(
    fc.record({
      which: fc.nat(30),
      elsewhere: fc.constantFrom(false, false, true),
      on: fc.constantFrom('success', 'success', 'failure', 'completion' as const),
    }),
    { maxLength: 2 },
  ),
  times: fc.constantFrom(0, 0, 0, 1, 2, 4, 8, 3, 15),
  evidence: fc.constantFrom(undefined, undefined, undefined, { exitCodeZero: true }),
});
const registering = fc.record({
  do: fc.constant('register' as const),
  agent,
  role,
  skills: fc.subarray(SKILLS, { minLength: 2 }),
  capacity: fc.integer({ min: 1, max: 3 }),
  instance: fc.nat(1),
});
const change = fc.constantFrom('suspected', 'recovered', 'recovered', 'lost', 'deregistered' as const);
const REPORTED = [
  'start',
  'progress',
  'complete',
  'complete',
  'complete',
  'fail',
  'fail',
  'fail for good',
  'rate-limited',
  'budget',
] as const;
const what = fc.constantFrom(...REPORTED);
const control = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('retry task', 'change priority', 'redrive' as const) },
  { weight: 2, arbitrary: fc.constantFrom('cancel task', 'cancel subtree', 'cancel run' as const) },
  { weight: 2, arbitrary: fc.constantFrom('stop', 'resume', 'resume' as const) },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('submit' as const), tasks: fc.array(submitted, { minLength: 1, maxLength: 6 }) }) },
  { weight: 4, arbitrary: registering },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('presence' as const), agent, change }) },
  { weight: 16, arbitrary: fc.record({ do: fc.constant('report' as const), assignment: fc.nat(), what }) },
  { weight: 3, arbitrary: fc.record({ do: control, which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(40_000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait until due' as const) }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
);

/** What people, agents and time may do to a project, in any order. */
export const steps = fc.array(step, { minLength: 30, maxLength: 90, size: 'max' });

/** Plays the steps. Reactions follow foreign events as the host has it; answers of `settle` are asked for until there are none. */
export function play(project: Project, taken: readonly Step[], { restarts = false } = {}): void {
  for (const one of taken) {
    playStep(project, one);
    if (restarts) project.restart();
  }
  settleAll(project);
}

export function settleAll(project: Project): void {
  for (let asked = 0; project.settle().length > 0; asked++) if (asked > 1000) throw new Error('Settling does not come to an end.');
}

function playStep(project: Project, one: Step): void {
  switch (one.do) {
    case 'submit':
      return void project.tryToDecide({ type: 'SubmitRun', data: plan(project, one.tasks) });
    case 'register':
      return foreign(project, registered(`agent-${one.agent}`, { ...one, instance: `i${one.instance}`, registeredAtMs: project.nowMs }));
    case 'presence':
      return foreign(project, { suspected, recovered, lost, deregistered }[one.change](`agent-${one.agent}`));
    case 'report':
      return report(project, one);
    case 'wait':
      return void project.passTo(project.nowMs + one.ms);
    case 'wait until due':
      return void (project.dueAtMs() < Infinity && project.passTo(Math.max(project.nowMs, project.dueAtMs())));
    case 'settle':
      return settleAll(project);
    default:
      return takeControl(project, one);
  }
}

function takeControl(project: Project, { do: what, which }: Extract<Step, { do: Control }>): void {
  const taskId = pick([...project.state.tasks.keys()], which) ?? 'none';
  const runId = pick([...project.state.runs.keys()], which) ?? 'none';
  const reason = 'not wanted';
  const commands: Record<Control, Said> = {
    'cancel task': { type: 'CancelTask', data: { taskId, reason } },
    'cancel subtree': { type: 'CancelTask', data: { taskId, reason, subtree: true } },
    'retry task': { type: 'RetryTask', data: { taskId } },
    'cancel run': { type: 'CancelRun', data: { runId, reason } },
    'change priority': { type: 'ChangePriority', data: { taskId, priority: which % 10 } },
    redrive: { type: 'RedriveTasks', data: { limit: 1 + (which % 3) } },
    stop: { type: 'StopWork', data: { reason } },
    resume: { type: 'ResumeWork', data: {} },
  };
  project.tryToDecide(commands[what]);
}

function plan({ state, nowMs }: Project, wanted: readonly Planned[]): { runId: string; tasks: TaskSpec[] } {
  const runId = `run-${state.lastSeq + 1}`;
  const elsewhere = [...state.tasks.keys()];
  const tasks = wanted.map(({ after, times, policy, evidence, ...spec }, i) => {
    const ids = new Map<string, EdgeCondition>();
    for (const one of after) {
      const id = one.elsewhere ? pick(elsewhere, one.which) : i === 0 ? undefined : `${runId}.t${one.which % i}`;
      if (id !== undefined) ids.set(id, one.on);
    }
    const edges = [...ids].map(([taskId, on]) => ({ taskId, on }));
    return {
      ...task(`t${i}`, spec),
      taskId: `${runId}.t${i}`,
      dependsOn: edges.filter(({ on }) => on === 'success').map(({ taskId }) => taskId),
      after: edges.filter(({ on }) => on !== 'success'),
      onDependencyFailure: policy,
      ...(evidence ? { evidence } : {}),
      ...(times & 1 ? { notBeforeMs: nowMs + 5000 } : {}),
      ...(times & 2 ? { queueTimeoutMs: 20_000 } : {}),
      ...(times & 4 ? { deadlineMs: 100_000 } : {}),
      ...(times & 8 ? { progressTimeoutMs: 10_000 } : {}),
    };
  });
  return { runId, tasks: state.lastSeq % 2 === 0 ? tasks : tasks.reverse() };
}

/** Of any assignment there ever was: late, repeated and contradictory reports included. */
function report(project: Project, { assignment, what }: Extract<Step, { do: 'report' }>): void {
  const assignments = project.log.filter(({ type }) => type === 'task.assigned').slice(-6);
  const assigned = pick(assignments, assignment)?.data as TaskAssigned | undefined;
  if (assigned) reportOf(project, assigned, what);
}

export function reportOf(
  project: Project,
  { taskId, attempt, assignment, agentId }: TaskAssigned,
  what: Reported,
): readonly NewEvent[] | Rejection {
  const commands = {
    start: startTask(''),
    progress: reportProgress(''),
    complete: completeTask(''),
    fail: failTask(''),
    'fail for good': failTask('', { class: 'permanent' }),
    'rate-limited': failTask('', { class: 'rate-limited', retryAtMs: project.nowMs + 3000 }),
    budget: failTask('', { class: 'budget' }),
  };
  const { type, data } = commands[what];
  return project.tryToDecide({ type, data: { ...data, taskId, attempt, assignment, agentId } });
}

function foreign(project: Project, event: Said): void {
  project.happened(event);
  for (const { type, data } of reactionTo(event, project.state)) project.tryToDecide({ type, data });
}

/** From now on work goes on, every role has an agent with all skills, and all agents that are there do what they are given. */
export function everyAgentAnswers(project: Project): void {
  project.tryToDecide({ type: 'ResumeWork', data: {} });
  for (const one of ROLES) foreign(project, registered(`good-${one}`, { role: one, skills: SKILLS, capacity: 2 }));
  for (let turn = 0; turn < 2000; turn++) {
    settleAll(project);
    const live = [...project.state.tasks.values()].filter((at) => isLive(at) && at.agentId?.startsWith('good-'));
    for (const { spec, attempt, assignments, agentId } of live)
      project.tryToDecide({
        type: 'CompleteTask',
        data: { taskId: spec.taskId, attempt, assignment: assignments.at(-1), agentId, exitCode: 0, durationMs: 1 },
      });
    if (live.length > 0) continue;
    if (project.dueAtMs() === Infinity) return;
    project.passTo(Math.max(project.nowMs, project.dueAtMs()));
  }
  throw new Error('The project does not come to rest.');
}

function pick<T>(items: readonly T[], which: number): T | undefined {
  return items[which % Math.max(1, items.length)];
}
