import fc from 'fast-check';
import { fieldProblem } from '../validate';
import { Plan, type PlanAgents } from './plan';
import { planProblems } from './plan.rules';
import type { PlanTask } from './plan.task';

const task = (key: string, more: Partial<PlanTask> = {}): PlanTask => ({ key, role: 'developer', run: 'true', ...more });
const planOf = (tasks: PlanTask[], agents?: PlanAgents[]): Plan => ({ tasks, ...(agents && { agents }) });

describe('a sound plan', () => {
  it('has no problems', () => {
    const plan = planOf(
      [task('a'), task('b', { dependsOn: ['a'] }), task('c', { run: undefined, prompt: 'Do it.', dependsOn: ['a', 'b'] })],
      [
        { role: 'developer', count: 2 },
        { role: 'tester', min: 1, max: 3 },
        { role: 'idle', min: 1 },
        { role: 'late', max: 1 },
      ],
    );
    expect(planProblems(plan)).toEqual([]);
  });

  it('stays sound whatever its order, as long as tasks depend on earlier ones only', () => {
    const edges = fc.array(fc.tuple(fc.nat(19), fc.nat(19)), { maxLength: 60 });
    fc.assert(
      fc.property(edges, fc.shuffledSubarray([...Array(20).keys()], { minLength: 20 }), (pairs, order) => {
        const tasks = order.map((n) =>
          task(`t${n}`, { dependsOn: pairs.filter(([from, to]) => from === n && to < n).map(([, to]) => `t${to}`) }),
        );
        return planProblems(planOf(tasks)).length === 0;
      }),
    );
  });
});

describe('the rules that a schema cannot say', () => {
  it('refuse a key that another task has', () => {
    expect(planProblems(planOf([task('a'), task('b'), task('a')]))).toEqual([
      { pointer: '/tasks/2/key', message: 'Key "a" is already that of task 0.' },
    ]);
  });

  it.each([
    ['both', { run: 'true', prompt: 'Do it.' }],
    ['neither', { run: undefined }],
  ])('refuse a task with %s of run and prompt', (_which, work) => {
    expect(planProblems(planOf([task('a'), task('b', work)]))).toEqual([
      { pointer: '/tasks/1', message: 'Task "b" needs exactly one of "run" and "prompt".' },
    ]);
  });

  it('refuse a dependency that is not in the plan', () => {
    expect(planProblems(planOf([task('a', { dependsOn: ['b', 'nope'] }), task('b')]))).toEqual([
      { pointer: '/tasks/0/dependsOn/1', message: 'Task "a" depends on "nope", which is not in the plan.' },
    ]);
  });

  it.each([
    [{ count: 2, min: 1 }, 'count', 'Give either "count", or "min" and "max".'],
    [{ count: 2, max: 2 }, 'count', 'Give either "count", or "min" and "max".'],
    [{ min: 3, max: 2 }, 'min', '"min" (3) is above "max" (2).'],
  ])('refuse agents with %j', (limits, field, message) => {
    const agents = [{ role: 'tester' }, { role: 'developer', ...limits }];
    expect(planProblems(planOf([task('a')], agents))).toEqual([{ pointer: `/agents/1/${field}`, message }]);
  });

  it.each(['99ms', '0s', '8d', '99999999d'])('refuse a timeout of %s', (timeout) => {
    expect(planProblems(planOf([task('a', { timeout })]))).toEqual([
      { pointer: '/tasks/0/timeout', message: `A timeout must be between 100ms and 7d, but is ${timeout}.` },
    ]);
  });

  it.each(['100ms', '30s', '7d'])('allow a timeout of %s', (timeout) => {
    expect(planProblems(planOf([task('a', { timeout })]))).toEqual([]);
  });

  it('report every problem of a plan at once', () => {
    const plan = planOf([task('a', { dependsOn: ['nope'] }), task('a', { prompt: 'x' })], [{ role: 'r', min: 2, max: 1 }]);
    expect(planProblems(plan).map(({ pointer }) => pointer)).toEqual(['/tasks/1/key', '/tasks/1', '/agents/0/min', '/tasks/0/dependsOn/0']);
  });
});

describe('a task of another run', () => {
  it('is named by its full id, which only the scheduler can look up', () => {
    const named = task('a', {
      dependsOn: ['run-7f3a.build'],
      after: [{ task: 'run-7f3a:0123', on: 'failure' }],
      affinity: { notAgentOf: ['run-7f3a.write'] },
    });
    expect(planProblems(planOf([named]))).toEqual([]);
  });

  it('is not meant by a key that was misspelt', () => {
    const misspelt = task('b', { after: [{ task: 'aa', on: 'failure' }], affinity: { sameAgentAs: ['ab'], notAgentOf: ['a'] } });
    expect(planProblems(planOf([task('a'), misspelt]))).toEqual([
      { pointer: '/tasks/1/after/0/task', message: 'Task "b" depends on "aa", which is not in the plan.' },
      { pointer: '/tasks/1/affinity/sameAgentAs/0', message: 'The affinity of task "b" names "ab", which is not in the plan.' },
    ]);
  });
});

describe('a cycle', () => {
  it('is found over all kinds of dependencies', () => {
    const tasks = [task('a', { after: [{ task: 'b', on: 'completion' }] }), task('b', { dependsOn: ['a'] })];
    expect(planProblems(planOf(tasks))).toEqual([
      { pointer: '/tasks/0/after', message: 'Tasks depend on each other in a circle: a → b → a.' },
    ]);
  });

  it('is named, without the tasks that only wait behind it', () => {
    const tasks = [
      task('behind', { dependsOn: ['a'] }),
      task('free'),
      task('a', { dependsOn: ['b', 'free'] }),
      task('b', { dependsOn: ['c'] }),
      task('c', { dependsOn: ['a'] }),
    ];
    expect(planProblems(planOf(tasks))).toEqual([
      { pointer: '/tasks/2/dependsOn', message: 'Tasks depend on each other in a circle: a → b → c → a.' },
    ]);
  });

  it('of one task is named', () => {
    expect(planProblems(planOf([task('a', { dependsOn: ['a'] })]))).toEqual([
      { pointer: '/tasks/0/dependsOn', message: 'Tasks depend on each other in a circle: a → a.' },
    ]);
  });

  it('is found wherever one edge closes a ring, and every named step is a dependency', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 10 }), (ring, tail) => {
        const tasks = [...Array(ring + tail).keys()].map((n) =>
          task(`t${n}`, { dependsOn: [n < ring ? `t${(n + 1) % ring}` : `t${n - 1}`] }),
        );
        const [problem, ...others] = planProblems(planOf(tasks));
        const path = (problem?.message ?? '').replace(/^.*circle: |\.$/g, '').split(' → ');
        expect(others).toEqual([]);
        expect(path).toHaveLength(ring + 1);
        for (const [i, key] of path.slice(0, -1).entries()) expect(tasks.find((t) => t.key === key)?.dependsOn).toContain(path[i + 1]);
      }),
    );
  });
});

describe('the plan schema', () => {
  it.each([
    ['no tasks', { tasks: [] }, '/tasks'],
    ['an unknown field', { tasks: [task('a')], agnets: [] }, '/agnets'],
    ['a wrong type', { tasks: [{ ...task('a'), priority: 'high' }] }, '/tasks/0/priority'],
    ['a duration in words', { tasks: [{ ...task('a'), timeout: 'soon' }] }, '/tasks/0/timeout'],
  ])('refuses %s by its path', (_what, plan, pointer) => {
    expect(fieldProblem(Plan, JSON.parse(JSON.stringify(plan)))?.pointer).toBe(pointer);
  });
});
