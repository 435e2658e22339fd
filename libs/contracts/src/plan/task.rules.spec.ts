import fc from 'fast-check';
import { DEPENDENCIES_MAX } from '../scheduler/task-spec';
import { planProblems, taskProblems } from './plan.rules';
import type { PlanTask } from './plan.task';
import { notBeforeMsOf, timeoutMsOf } from './times.rules';

const task = (more: Partial<PlanTask> = {}): PlanTask => ({ key: 'a', role: 'developer', run: 'true', ...more });

const everything = task({
  kind: 'review',
  skills: ['typescript:3', 'node'],
  prefer: ['fast', 'fast:2'],
  labels: { arch: 'arm64' },
  affinity: { sameAgentAs: ['run-1.x'], notAgentOf: ['run-1.y'] },
  fairnessKey: 'user:ada',
  semaphores: ['db', 'gpu'],
  notBefore: '15m',
  queueTimeout: '1h',
  deadline: '2h',
  timeout: '30m',
  progressTimeout: '5m',
  dependsOn: ['run-1.x'],
  after: [{ task: 'run-1.y', on: 'failure' }],
  onDependencyFailure: 'fail',
  claims: [
    { path: 'repo:src/**', mode: 'exclusive' },
    { path: 'repo:docs/*', mode: 'shared' },
  ],
  approval: { question: 'May I?', timeout: '1h', onTimeout: 'escalate', escalateTo: 'lead' },
  budget: { tokens: 100, costUsd: 2, wall: '1h' },
  estimate: { tokens: 100, costUsd: 1.5, wall: '30m' },
  metered: true,
  evidence: { exitCodeZero: true, commit: true, artefacts: [{ path: 'dist/app.js' }], command: 'npm test' },
});

describe('a task', () => {
  it('may ask for everything at once', () => {
    expect(planProblems({ tasks: [everything] })).toEqual([]);
    expect(taskProblems(everything)).toEqual([]);
  });

  it.each<[what: string, more: Partial<PlanTask>, pointer: string, message: string]>([
    [
      'a timeout beyond its deadline',
      { timeout: '2h', deadline: '1h' },
      '/timeout',
      'The "timeout" of task "a", 2h, is longer than its "deadline", 1h.',
    ],
    [
      'a queue timeout beyond its deadline',
      { queueTimeout: '61m', deadline: '1h' },
      '/queueTimeout',
      'The "queueTimeout" of task "a", 61m, is longer than its "deadline", 1h.',
    ],
    [
      'a progress timeout that never passes',
      { progressTimeout: '31m' },
      '/progressTimeout',
      'The "progressTimeout" of task "a", 31m, is longer than its "timeout", which is 30m unless it says otherwise.',
    ],
    [
      'a progress timeout beyond its timeout',
      { progressTimeout: '3m', timeout: '2m' },
      '/progressTimeout',
      'The "progressTimeout" of task "a", 3m, is longer than its "timeout", 2m.',
    ],
    ['a deadline too far', { deadline: '91d' }, '/deadline', 'A deadline must be between 100ms and 90d, but is 91d.'],
    ['no time to queue', { queueTimeout: '0s' }, '/queueTimeout', 'A queue timeout must be between 100ms and 90d, but is 0s.'],
    [
      'no time to answer',
      { approval: { timeout: '999ms' } },
      '/approval/timeout',
      "An approval's timeout must be between 1s and 30d, but is 999ms.",
    ],
    [
      'a start behind its deadline',
      { notBefore: '1h', deadline: '60m' },
      '/notBefore',
      'Task "a" is not to start before its deadline of 60m is over: "notBefore" is 1h.',
    ],
    [
      'a start at no moment',
      { notBefore: '2026-02-30' },
      '/notBefore',
      'The "notBefore" of task "a" is neither a moment such as "2026-11-23T09:00Z" nor a duration such as "15m", but "2026-02-30".',
    ],
    [
      'somebody to escalate to, and no escalation',
      { approval: { onTimeout: 'deny', escalateTo: 'lead' } },
      '/approval/escalateTo',
      'The approval of task "a" has "escalateTo", and "onTimeout" is not escalate: leave one out, or make it escalate.',
    ],
    ['a skill at two levels', { skills: ['ts:2', 'go', 'ts:3'] }, '/skills/2', 'Task "a" names skill "ts" twice; give it one level.'],
    [
      'a semaphore twice',
      { semaphores: ['db', 'db'] },
      '/semaphores/1',
      'Task "a" names semaphore "db" twice; it takes one place of each.',
    ],
    [
      'a path twice',
      {
        claims: [
          { path: 'repo:a', mode: 'shared' },
          { path: 'repo:a', mode: 'exclusive' },
        ],
      },
      '/claims/1/path',
      'Task "a" claims "repo:a" twice; name it once, in one mode.',
    ],
    ['a budget of nothing', { budget: {} }, '/budget', 'The "budget" of task "a" needs at least one of tokens, costUsd, wall.'],
    ['an estimate of nothing', { estimate: {} }, '/estimate', 'The "estimate" of task "a" needs at least one of tokens, costUsd, wall.'],
    [
      'no estimate, and is metered',
      { metered: true },
      '/estimate',
      'Task "a" is metered, and needs an "estimate", which counts when its agent reports no usage.',
    ],
    [
      'an estimate above its budget',
      { budget: { wall: '10m' }, estimate: { wall: '601s' } },
      '/estimate/wall',
      'Task "a" is expected to use 601s of wall, which is more than its budget of 10m.',
    ],
    [
      'evidence of nothing',
      { evidence: { commit: false } },
      '/evidence',
      'The "evidence" of task "a" asks for nothing: leave it out, or say what is to be shown.',
    ],
    [
      'evidence from somewhere else',
      { evidence: { artefacts: [{ path: 'a/../../b' }] } },
      '/evidence/artefacts/0/path',
      '"a/../../b" must be a path inside of the working directory.',
    ],
    [
      'evidence from the root',
      { evidence: { artefacts: [{ path: '/etc/hosts' }] } },
      '/evidence/artefacts/0/path',
      '"/etc/hosts" must be a path inside of the working directory.',
    ],
  ])('is refused with %s', (_what, more, pointer, message) => {
    expect(taskProblems(task(more))).toEqual([{ pointer, message }]);
  });

  it.each<[what: string, more: Partial<PlanTask>, pointer: string, message: string]>([
    [
      'a dependency that is to end in two ways',
      { dependsOn: ['run-1.x'], after: [{ task: 'run-1.x', on: 'failure' }] },
      '/after/0/task',
      'Task "a" depends on "run-1.x" more than once in "dependsOn" and "after"; say once which ending it waits for.',
    ],
    [
      'the agent of a task, and never that one',
      { affinity: { sameAgentAs: ['run-1.x'], notAgentOf: ['run-1.x'] } },
      '/affinity/sameAgentAs/0',
      'Task "a" has "run-1.x" in both "sameAgentAs" and "notAgentOf".',
    ],
    [
      'an agent that is not its own',
      { affinity: { notAgentOf: ['a'] } },
      '/affinity/notAgentOf/0',
      'The affinity of task "a" names the task itself.',
    ],
    [
      'more dependencies than it may have',
      { dependsOn: Array.from({ length: DEPENDENCIES_MAX }, (_, i) => `run-1.t${i}`), after: [{ task: 'run-1.u', on: 'failure' }] },
      '/after',
      'Task "a" has 1001 dependencies in "dependsOn" and "after"; 1000 are the most.',
    ],
  ])('is refused with %s', (_what, more, pointer, message) => {
    expect(planProblems({ tasks: [task(more)] })).toEqual([{ pointer: `/tasks/0${pointer}`, message }]);
  });
});

describe('the time of one attempt', () => {
  it.each([
    [{}, 1_800_000],
    [{ timeout: '2h' }, 7_200_000],
    [{ deadline: '10m' }, 600_000],
    [{ deadline: '1d' }, 1_800_000],
    [{ timeout: '1m', deadline: '10m' }, 60_000],
  ])('of a task with %j is %d ms', (times, ms) => {
    expect(timeoutMsOf(times)).toBe(ms);
  });
});

describe('the moment before which a task does not start', () => {
  it.each([
    ['15m', 1_900_000],
    ['1970-01-01T00:30Z', 1_800_000],
    ['1970-01-01T00:30+00:10', 1_200_000],
    ['soon', undefined],
  ])('said as %s', (text, atMs) => {
    expect(notBeforeMsOf(text, 1_000_000)).toBe(atMs);
  });
});

describe('tasks without contradictions', () => {
  it('have no problems, whatever their times', () => {
    const minutes = fc.integer({ min: 1, max: 1000 });
    fc.assert(
      fc.property(minutes, minutes, minutes, (a, b, c) => {
        const [progress, timeout, deadline] = [a, b, c].sort((x, y) => x - y).map((n) => `${n}m`);
        return taskProblems(task({ progressTimeout: progress, timeout, deadline, queueTimeout: deadline })).length === 0;
      }),
    );
  });
});
