import type { LimitScope, SetLimit } from '@torch/contracts';
import type { SeededRandom } from '@torch/testing';
import { ROLES } from './fleet';
import { draftTask, FAIRNESS_KEYS, SEMAPHORES } from './plan.draft';

export interface Scene {
  readonly random: SeededRandom;
  readonly project: string;
  readonly nowMs: number;
  readonly taskIds: readonly string[];
  readonly runIds: readonly string[];
}

export interface Act {
  readonly type: string;
  readonly data: object;
}

type Play = (scene: Scene) => Act;

/** What a person does beside submitting work, and how often of a hundred times. */
const ACTS: readonly (readonly [weight: number, play: Play])[] = [
  [
    14,
    ({ random, taskIds }) => ({
      type: 'CancelTask',
      data: { taskId: random.pick(taskIds), reason: 'Not needed.', subtree: random.chance(0.3) },
    }),
  ],
  [6, ({ random, runIds }) => ({ type: 'CancelRun', data: { runId: random.pick(runIds), reason: 'Not needed.' } })],
  [16, ({ random, taskIds }) => ({ type: 'RetryTask', data: { taskId: random.pick(taskIds) } })],
  [6, ({ random }) => ({ type: 'RedriveTasks', data: { role: random.pick(ROLES), limit: 3 } })],
  [12, ({ random, taskIds }) => ({ type: 'ChangePriority', data: { taskId: random.pick(taskIds), priority: random.int(0, 9) } })],
  [16, (scene) => ({ type: 'SetLimit', data: draftLimit(scene) })],
  [6, ({ random }) => ({ type: 'RemoveLimit', data: { scope: 'key', name: random.pick(FAIRNESS_KEYS) } })],
  [2, () => ({ type: 'StopWork', data: { reason: 'Let us look at it.' } })],
  [6, () => ({ type: 'ResumeWork', data: {} })],
  [4, ({ random }) => ({ type: 'SetBudget', data: { scope: 'day', limit: { tokens: random.int(40, 200) * 1000 } } })],
  [4, (scene) => ({ type: 'SetSchedule', data: draftSchedule(scene) })],
  [4, ({ project, random }) => ({ type: 'RemoveSchedule', data: { scheduleId: `${project}-s${random.int(1, 2)}` } })],
  [
    4,
    ({ random }) => ({
      type: 'UpdateContext',
      data: { key: random.pick(['goals', 'conventions']), version: random.int(0, 3), text: `As of ${random.int(1, 99)}.` },
    }),
  ],
  [4, ({ project, random }) => ({ type: 'UpdateAgent', data: { agentId: `${project}-bob`, capacity: random.int(1, 3) } })],
];

export function anyAct(scene: Scene): Act {
  let left = scene.random.next() * ACTS.reduce((sum, [weight]) => sum + weight, 0);
  const [, play] = ACTS.find(([weight]) => (left -= weight) < 0) as (typeof ACTS)[number];
  return play(scene);
}

/** What lets everything end that a person may have held up. */
export function lastActs(project: string): readonly Act[] {
  return [
    { type: 'ResumeWork', data: {} },
    ...[1, 2].map((n) => ({ type: 'RemoveSchedule', data: { scheduleId: `${project}-s${n}` } })),
    { type: 'SetBudget', data: { scope: 'day', limit: {} } },
    ...FAIRNESS_KEYS.map((name) => ({ type: 'RemoveLimit', data: { scope: 'key', name } })),
  ];
}

/** What tasks of the workload name has to be there. */
export const firstActs = (): readonly Act[] =>
  SEMAPHORES.map((name, i) => ({ type: 'SetLimit', data: { scope: 'semaphore', name, concurrency: i + 1 } }));

function draftLimit({ random, project }: Scene): SetLimit {
  const scope = random.pick<LimitScope>(['project', 'role', 'key', 'key', 'agent', 'semaphore']);
  const names: Record<LimitScope, string> = {
    project: '*',
    role: random.pick([...ROLES, '*']),
    key: random.pick([...FAIRNESS_KEYS, '*']),
    agent: random.pick([`${project}-bob`, '*']),
    semaphore: random.pick(SEMAPHORES),
  };
  return {
    scope,
    name: names[scope],
    concurrency: random.int(scope === 'project' ? 2 : 1, 4),
    ...(scope === 'key' && random.chance(0.5) && { rate: { tasks: random.int(2, 6), perMs: 10_000 } }),
    ...(scope === 'key' && random.chance(0.5) && { weight: random.int(1, 3) }),
  };
}

function draftSchedule({ random, project, nowMs }: Scene): object {
  const scheduleId = `${project}-s${random.int(1, 2)}`;
  const task = draftTask({ random, runId: scheduleId, nowMs, known: [] }, 'task', []);
  const { notBeforeMs: _at, ...recurring } = task;
  return {
    scheduleId,
    cron: `*/${random.pick([10, 20, 30])} * * * * *`,
    timeZone: random.pick(['UTC', 'Europe/Berlin']),
    overlap: random.pick(['skip', 'queue', 'replace']),
    missed: random.pick(['skip', 'once', 'all']),
    task: recurring,
  };
}
