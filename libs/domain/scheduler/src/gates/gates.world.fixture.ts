import { type BudgetScope, type LimitScope, type TaskAssigned, type TaskSpec } from '@torch/contracts';
import { DeciderRun } from '@torch/testing';
import * as fc from 'fast-check';
import { schedulerDecider, type SchedulerDecider } from '../decider';
import { lost, registered, task, withAssignments } from '../decider.fixture';
import { scopeAndName } from '../limits/limits.state';
import { reactionTo } from '../release-agent';
import { isLive, type SchedulerState } from '../scheduler.state';

/** What people, agents and time may do to a project, as far as gates care. */
export type Step =
  | { do: 'submit'; tasks: readonly Partial<TaskSpec>[] }
  | { do: 'limit'; scope: LimitScope; which: number; concurrency?: number; rate?: { tasks: number; perMs: number } }
  | { do: 'unlimit'; which: number }
  | { do: 'budget'; scope: BudgetScope; which: number; tokens?: number; wallMs?: number }
  | { do: 'report'; which: number; what: 'start' | 'progress' | 'complete' | 'fail' | 'cancel' | 'retry'; tokens: number }
  | { do: 'claim' | 'release'; agent: number; which: number; path: string; mode: 'exclusive' | 'shared'; forTask: boolean }
  | { do: 'rank'; which: number; priority: number }
  | { do: 'agent'; agent: number; what: 'register' | 'replace' | 'lost' }
  | { do: 'stop' | 'resume' }
  | { do: 'wait'; ms: number };

const AGENTS = 4;
const KEYS = ['alice', 'bob'];
const SEMAPHORES = ['db', 'web'];
const NAMES: Readonly<Record<LimitScope, readonly string[]>> = {
  project: ['*'],
  role: ['developer', 'tester', '*'],
  key: [...KEYS, '*'],
  agent: ['agent-0', '*'],
  semaphore: [...SEMAPHORES, '*'],
};
export const PATHS = ['repo:a/*', 'repo:a/b', 'repo:**', 'repo:a/**/c', 'docs:*'];

const mode = fc.constantFrom('exclusive', 'shared' as const);
const path = fc.constantFrom(...PATHS);
const sometimes = <T>(of: fc.Arbitrary<T>) => fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: of });
const amount = fc.integer({ min: 0, max: 60 });

const spec = fc
  .record({
    role: fc.constantFrom('developer', 'developer', 'tester'),
    fairnessKey: fc.constantFrom(...KEYS),
    semaphores: sometimes(fc.subarray(SEMAPHORES, { minLength: 1 })),
    claims: sometimes(fc.array(fc.record({ path, mode }), { minLength: 1, maxLength: 2 })),
    estimate: fc.option(fc.record({ tokens: amount, wallMs: fc.integer({ min: 0, max: 9000 }) }), { nil: undefined }),
    metered: sometimes(fc.constant(true)),
    budget: sometimes(fc.record({ tokens: fc.integer({ min: 60, max: 90 }) })),
    retries: fc.nat(2),
  })
  .map((part) => {
    const given = Object.entries(part).filter(([name, value]) => value !== undefined && (name !== 'metered' || part.estimate));
    return Object.fromEntries(given) as Partial<TaskSpec>;
  });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('submit' as const), tasks: fc.array(spec, { minLength: 1, maxLength: 4 }) }) },
  {
    weight: 2,
    arbitrary: fc.record(
      {
        do: fc.constant('limit' as const),
        scope: fc.constantFrom(...(Object.keys(NAMES) as LimitScope[])),
        which: fc.nat(5),
        concurrency: fc.nat(3),
        rate: fc.record({ tasks: fc.integer({ min: 1, max: 3 }), perMs: fc.integer({ min: 100, max: 20_000 }) }),
      },
      { requiredKeys: ['do', 'scope', 'which'] },
    ),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unlimit' as const), which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record(
      {
        do: fc.constant('budget' as const),
        scope: fc.constantFrom('project', 'day', 'agent', 'agent' as const),
        which: fc.nat(2),
        tokens: fc.nat(150),
        wallMs: fc.nat(60_000),
      },
      { requiredKeys: ['do', 'scope', 'which'] },
    ),
  },
  {
    weight: 16,
    arbitrary: fc.record({
      do: fc.constant('report' as const),
      which: fc.nat(),
      what: fc.constantFrom('start', 'progress', 'progress', 'complete', 'complete', 'fail', 'cancel', 'retry' as const),
      tokens: amount,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('claim', 'claim', 'release' as const),
      agent: fc.nat(AGENTS - 1),
      which: fc.nat(4),
      path,
      mode,
      forTask: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rank' as const), which: fc.nat(), priority: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('agent' as const),
      agent: fc.nat(AGENTS - 1),
      what: fc.constantFrom('register', 'register', 'replace', 'lost' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('stop', 'resume', 'resume' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.oneof(fc.nat(20_000), fc.nat(40_000_000)) }) },
);
export const steps = fc.array(step, { minLength: 30, maxLength: 80, size: 'max' });

export type World = DeciderRun<SchedulerState>;

/** Plays the steps; `after` is told whenever all has been said. */
export function play(
  taken: readonly Step[],
  { decider = schedulerDecider, after = () => undefined }: { decider?: SchedulerDecider; after?: (world: World) => void } = {},
): World {
  const world = new DeciderRun(withAssignments(decider));
  for (let n = 0; n < AGENTS; n++) world.happened(agentEvent(n, 'register'));
  for (const one of taken) {
    playStep(world, one, after);
    settleAll(world);
    after(world);
  }
  return world;
}

function playStep(world: World, one: Step, after: (world: World) => void): void {
  switch (one.do) {
    case 'submit':
      return void world.tryToDecide({ type: 'SubmitRun', data: runOf(world, one.tasks) });
    case 'limit': {
      const { do: _step, which, ...limit } = one;
      return void world.tryToDecide({ type: 'SetLimit', data: { ...limit, name: pick(NAMES[one.scope], which) } });
    }
    case 'unlimit': {
      const id = pick([...world.state.quotas.settings.keys()].sort(), one.which);
      return void (id !== undefined && world.decide({ type: 'RemoveLimit', data: scopeAndName(id) }));
    }
    case 'budget': {
      const { do: _step, scope, which, ...limit } = one;
      const name = scope === 'agent' ? { name: pick(['agent-0', 'agent-1', '*'], which) } : {};
      return void world.decide({ type: 'SetBudget', data: { scope, ...name, limit } });
    }
    case 'report':
      return report(world, one);
    case 'rank': {
      const taskId = pick([...world.state.tasks.keys()], one.which);
      return void world.tryToDecide({ type: 'ChangePriority', data: { taskId, priority: one.priority } });
    }
    case 'claim':
    case 'release':
      return claimOrRelease(world, one);
    case 'agent': {
      const event = agentEvent(one.agent, one.what);
      world.happened(event);
      for (const { type, data } of reactionTo(event, world.state)) world.tryToDecide({ type, data });
      return;
    }
    case 'wait':
      return waitFor(world, one.ms, after);
    default:
      return void world.decide({ type: one.do === 'stop' ? 'StopWork' : 'ResumeWork', data: { reason: 'enough' } });
  }
}

/** To each moment that is due on the way, as the host does. */
function waitFor(world: World, ms: number, after: (world: World) => void): void {
  const untilMs = world.nowMs + ms;
  for (let turns = 0; world.nowMs < untilMs; turns++) {
    if (turns > 2000) throw new Error(`Time does not pass beyond ${world.nowMs}.`);
    world.passTo(Math.min(untilMs, Math.max(world.nowMs + 1, world.dueAtMs())));
    settleAll(world);
    after(world);
  }
}

export function settleAll(world: World): void {
  for (let asked = 0; world.settle().length > 0; asked++) if (asked > 1000) throw new Error('Settling does not come to an end.');
}

function report(world: World, { which, what, tokens }: Extract<Step, { do: 'report' }>): void {
  const assigned = pick(world.log.filter(({ type }) => type === 'task.assigned').slice(-5), which)?.data as TaskAssigned | undefined;
  if (!assigned) return;
  const { taskId, attempt, assignment, agentId } = assigned;
  const usage = tokens % 3 === 0 ? {} : { usage: { inputTokens: tokens, costUsd: tokens / 100 } };
  const of = { taskId, attempt, assignment, agentId };
  const commands = {
    start: { type: 'StartTask', data: of },
    progress: { type: 'ReportProgress', data: { ...of, ...usage } },
    complete: { type: 'CompleteTask', data: { ...of, ...usage, durationMs: 1 } },
    fail: { type: 'FailTask', data: { ...of, ...usage, class: 'retryable', reason: 'exit-code', message: 'exit code 1' } },
    cancel: { type: 'CancelTask', data: { taskId, reason: 'not wanted' } },
    retry: { type: 'RetryTask', data: { taskId } },
  };
  world.tryToDecide(commands[what]);
}

function claimOrRelease(
  world: World,
  { do: what, agent, which, path: claimed, mode: as, forTask }: Extract<Step, { do: 'claim' | 'release' }>,
): void {
  const agentId = `agent-${agent}`;
  const claimId = `c-${which}`;
  if (what === 'release') return void world.tryToDecide({ type: 'ReleaseClaim', data: { claimId, agentId } });
  const live = [...world.state.tasks.values()].find((one) => isLive(one) && one.agentId === agentId);
  const taskId = forTask && live ? { taskId: live.spec.taskId } : {};
  world.tryToDecide({ type: 'ClaimPaths', data: { claimId, agentId, ...taskId, paths: [{ path: claimed, mode: as }], leaseMs: 5000 } });
}

function runOf({ state }: World, tasks: readonly Partial<TaskSpec>[]): object {
  const runId = `run-${state.lastSeq + 1}`;
  return { runId, tasks: tasks.map((part, i) => ({ ...task(`t${i}`, part), taskId: `${runId}.t${i}` })) };
}

function agentEvent(n: number, what: Extract<Step, { do: 'agent' }>['what']) {
  const id = `agent-${n}`;
  const part = { role: n === 3 ? 'tester' : 'developer', capacity: 1 + (n % 2) };
  return what === 'lost' ? lost(id) : registered(id, { ...part, instance: what === 'replace' ? `${id}/2` : `${id}/1` });
}

function pick<T>(from: readonly T[], which: number): T | undefined {
  return from[which % Math.max(1, from.length)];
}
