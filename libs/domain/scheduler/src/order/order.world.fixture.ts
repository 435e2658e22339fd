import type { TaskAssigned, TaskSpec } from '@torch/contracts';
import type { NewEvent } from '@torch/kernel';
import { DeciderRun } from '@torch/testing';
import * as fc from 'fast-check';
import { schedulerDeciderWith } from '../decider';
import { registered, task, withAssignments } from '../decider.fixture';
import { isLive, type SchedulerState, type TaskState } from '../scheduler.state';

export type Step =
  | { readonly do: 'submit'; readonly tasks: readonly Wanted[] }
  | { readonly do: 'register'; readonly agent: number; readonly skills: string[]; readonly label: string; readonly capacity: number }
  | { readonly do: 'limit'; readonly scope: string; readonly name: string; readonly concurrency?: number; readonly rate?: number }
  | { readonly do: 'pause'; readonly agent: number; readonly ms: number }
  | { readonly do: 'end'; readonly which: number; readonly how: 'completed' | 'failed' | 'cancelled' }
  | { readonly do: 'drain' | 'lose'; readonly agent: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'settle' };

interface Wanted {
  readonly role: string;
  readonly skills: string[];
  readonly label: string;
  readonly key: string;
  readonly priority: number;
  readonly semaphore: string;
  readonly notOf: number;
}

const KEYS = ['k1', 'k2', 'k3'];
const ROLES = ['developer', 'tester'];
const AGENTS = 4;
const skills = fc.subarray(['go', 'ts:2', 'ts:3', 'css'], { maxLength: 2 });
const label = fc.constantFrom('', '', 'eu');
const agent = fc.nat(AGENTS - 1);
const wanted = fc.record({
  role: fc.constantFrom(...ROLES),
  skills: fc.subarray(['go', 'ts', 'ts:3'], { maxLength: 1 }),
  label,
  key: fc.constantFrom(...KEYS),
  priority: fc.constantFrom(4, 5, 6),
  semaphore: fc.constantFrom('', '', 's1', 's2'),
  notOf: fc.nat(12),
});
const limited = fc.constantFrom(
  { scope: 'project', name: '*' },
  ...KEYS.map((name) => ({ scope: 'key', name })),
  ...['s1', 's2'].map((name) => ({ scope: 'semaphore', name })),
  ...['agent-0', 'agent-1', '*'].map((name) => ({ scope: 'agent', name })),
);
const limit = fc.oneof(fc.record({ concurrency: fc.nat(3) }), fc.record({ rate: fc.integer({ min: 1, max: 2 }) }));
const is = <T extends string>(name: T) => fc.constant(name);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: is('submit'), tasks: fc.array(wanted, { minLength: 1, maxLength: 6 }) }) },
  { weight: 3, arbitrary: fc.record({ do: is('register'), agent, skills, label, capacity: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.tuple(limited, limit).map(([of, set]) => ({ do: 'limit' as const, ...of, ...set })) },
  { weight: 1, arbitrary: fc.record({ do: is('pause'), agent, ms: fc.nat(3000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('drain', 'lose' as const), agent }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: is('end'), which: fc.nat(), how: fc.constantFrom('completed', 'failed', 'cancelled' as const) }),
  },
  { weight: 2, arbitrary: fc.record({ do: is('wait'), ms: fc.nat(2500) }) },
  { weight: 6, arbitrary: fc.record({ do: is('settle') }) },
);
export const steps = fc.array(step, { minLength: 20, maxLength: 60, size: 'max' });

export const decider = withAssignments(schedulerDeciderWith({ ageStepMs: 1000, settleEventsMax: 4 }));
export type Project = DeciderRun<SchedulerState>;
export function newProject(): Project {
  const project = new DeciderRun(decider);
  project.decide({ type: 'SetLimit', data: { scope: 'semaphore', name: '*', concurrency: 2 } });
  return project;
}

/** Plays one step; `settled` sees the project before each answer of `settle`. */
export function playStep(project: Project, one: Step, settled: (project: Project) => void): void {
  switch (one.do) {
    case 'submit':
      return void project.decide({ type: 'SubmitRun', data: runOf(project.state, one.tasks) });
    case 'register': {
      const labels = one.label === '' ? undefined : { region: one.label };
      const role = ROLES[one.agent % ROLES.length];
      return void project.happened(registered(`agent-${one.agent}`, { ...one, role, labels, registeredAtMs: project.nowMs }));
    }
    case 'limit': {
      const { scope, name, concurrency, rate } = one;
      const data = { scope, name, ...(rate ? { rate: { tasks: rate, perMs: 1000 } } : { concurrency }) };
      return void project.decide({ type: 'SetLimit', data });
    }
    case 'pause': {
      const untilMs = project.nowMs + one.ms;
      const data = { agentId: `agent-${one.agent}`, pause: 'rate-limited', untilMs, pausedAtMs: project.nowMs };
      return void project.happened({ type: 'agent.paused', data });
    }
    case 'drain':
      return void project.happened({ type: 'agent.draining', data: { agentId: `agent-${one.agent}`, reason: '', drainingAtMs: 1 } });
    case 'lose':
      return void project.happened({
        type: 'agent.lost',
        data: { agentId: `agent-${one.agent}`, reason: '', lastSeenAtMs: 1, lostAtMs: 1 },
      });
    case 'end':
      return end(project, one);
    case 'wait':
      return void project.passTo(project.nowMs + one.ms);
    case 'settle':
      return settleAll(project, settled);
  }
}

export function settleAll(project: Project, settled: (project: Project) => void): void {
  let events: readonly NewEvent[];
  do {
    settled(project);
    events = project.settle();
  } while (events.length > 0);
}

function runOf({ lastSeq, tasks }: SchedulerState, wanted: readonly Wanted[]): { runId: string; tasks: TaskSpec[] } {
  const known = [...tasks.keys()];
  const specs = wanted.map(({ role, skills: needed, label: region, key, priority, semaphore, notOf }, i) => ({
    ...task(`t${lastSeq + i}`, { role, skills: needed, priority, fairnessKey: key, retries: 1 }),
    ...(region === '' ? {} : { labels: { region } }),
    ...(semaphore === '' ? {} : { semaphores: [semaphore] }),
    ...(known[notOf] === undefined ? {} : { affinity: { notAgentOf: [known[notOf] as string] } }),
  }));
  return { runId: `run-${lastSeq}`, tasks: specs };
}

function end(project: Project, { which, how }: Extract<Step, { do: 'end' }>): void {
  const live = [...project.state.tasks.values()].filter(isLive);
  const one = live[which % Math.max(1, live.length)];
  if (!one) return;
  const { spec, attempt, agentId } = one;
  const report = { taskId: spec.taskId, attempt, agentId, durationMs: 1 };
  if (how === 'completed') project.tryToDecide({ type: 'CompleteTask', data: report });
  else if (how === 'cancelled') project.tryToDecide({ type: 'CancelTask', data: { taskId: spec.taskId, reason: '' } });
  else project.tryToDecide({ type: 'FailTask', data: { ...report, class: 'retryable', reason: 'harness', message: 'no' } });
}

/** Ready tasks that are set aside, because a gate holds them; tasks that no free agent may take are not among them. */
export function parkedTasks({ matching }: SchedulerState): TaskState[] {
  const demands = [...matching.roles.values()].flatMap((role) => [...role.demands.values()]);
  return demands.flatMap(({ queue }) =>
    [...queue.strands.values()]
      .filter((strand) => (strand.aside ? strand.aside !== queue.stuck : queue.isAsleep(strand.home)))
      .flatMap((strand) => [...strand.tasks()]),
  );
}

export const assignments = (events: readonly { type: string; data: unknown }[]): TaskAssigned[] =>
  events.flatMap(({ type, data }) => (type === 'task.assigned' ? [data as TaskAssigned] : []));
