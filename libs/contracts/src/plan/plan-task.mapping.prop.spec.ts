import fc from 'fast-check';
import type { Affinity } from '../scheduler/task-options';
import type { TaskSpec } from '../scheduler/task-spec';
import { fieldProblem } from '../validate';
import { planTaskOf, taskSpecOf } from './plan-task.mapping';
import { type PlanAmounts, type PlanApproval, PlanTask } from './plan.task';

/** As the gateway keeps the task of a schedule. */
const kept = (task: PlanTask): TaskSpec => taskSpecOf(task, { taskId: () => 'nightly', hasKey: () => false, nowMs: 0 });

const name = fc.constantFrom('a', 'b', 'typescript', 'x.y-z');
const names = fc.uniqueArray(name, { maxLength: 3 });
const text = fc.string({ minLength: 1, maxLength: 20 });
/** No shorter text stands for the same time. */
const duration = fc.oneof(
  fc.integer({ min: 100, max: 999 }).map((n) => `${n}ms`),
  fc.integer({ min: 1, max: 59 }).map((n) => `${n}s`),
  fc.integer({ min: 1, max: 59 }).map((n) => `${n}m`),
  fc.integer({ min: 1, max: 23 }).map((n) => `${n}h`),
  fc.integer({ min: 1, max: 30 }).map((n) => `${n}d`),
);
const seconds = fc.integer({ min: 1, max: 1000 }).map((n) => `${n}s`);
const labels = fc.dictionary(name, text, { maxKeys: 2 });
const env = fc.dictionary(fc.constantFrom('A', 'PATH'), text, { maxKeys: 2 });
const amount = fc.integer({ min: 0, max: 1_000_000 });

type Model<T> = { [Field in keyof T]-?: fc.Arbitrary<NonNullable<T[Field]>> };
const amounts = (time: fc.Arbitrary<string>): Model<PlanAmounts> => ({ tokens: amount, costUsd: amount, wall: time });
const approval = (time: fc.Arbitrary<string>): Model<PlanApproval> => ({
  question: text,
  timeout: time,
  onTimeout: fc.constantFrom('deny', 'approve', 'escalate'),
  escalateTo: name,
});
const affinity: Model<Affinity> = { sameAgentAs: names, notAgentOf: names };

/** What a task that comes again and again may say. */
const task = (time: fc.Arbitrary<string>): Model<Omit<PlanTask, 'dependsOn' | 'after' | 'notBefore'>> => ({
  key: name,
  title: text,
  role: name,
  kind: name,
  skills: names,
  prefer: names,
  labels,
  affinity: fc.record(affinity, { requiredKeys: [] }),
  run: text,
  prompt: text,
  cwd: text,
  env,
  onDependencyFailure: fc.constantFrom('skip', 'fail', 'continue'),
  priority: fc.integer({ min: 0, max: 9 }),
  fairnessKey: name,
  semaphores: names,
  timeout: time,
  queueTimeout: time,
  deadline: time,
  progressTimeout: time,
  retries: fc.integer({ min: 0, max: 100 }),
  claims: fc.array(fc.record({ path: name.map((n) => `repo:${n}`), mode: fc.constantFrom('shared', 'exclusive') }), { maxLength: 2 }),
  approval: fc.record(approval(time), { requiredKeys: [] }),
  budget: fc.record(amounts(time), { requiredKeys: [] }),
  estimate: fc.record(amounts(time), { requiredKeys: [] }),
  metered: fc.boolean(),
  evidence: fc.record({ exitCodeZero: fc.boolean(), command: text }, { requiredKeys: [] }),
});
const withDefaults = ['key', 'title', 'role', 'skills', 'prefer', 'priority', 'timeout', 'retries'] as const;
const tasksSayingAll = fc.record(task(duration), { requiredKeys: [...withDefaults], noNullPrototype: true }) as fc.Arbitrary<PlanTask>;
const tasks = fc.record(task(fc.oneof(duration, seconds)), {
  requiredKeys: ['key', 'role'],
  noNullPrototype: true,
}) as fc.Arbitrary<PlanTask>;

describe('the task of a schedule', () => {
  it('is stated as it was, where it said every default', () => {
    fc.assert(fc.property(tasksSayingAll, (said) => expect(planTaskOf(kept(said))).toEqual(said)));
  });

  it('is kept as it was when it is stated and set again, whatever it leaves out', () => {
    fc.assert(
      fc.property(tasks, (said) => {
        const stated = planTaskOf(kept(said));
        expect(fieldProblem(PlanTask, stated)).toBeUndefined();
        expect(kept(stated)).toStrictEqual(kept(said));
      }),
    );
  });
});
