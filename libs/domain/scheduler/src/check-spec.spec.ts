import type { TaskSpec } from '@torch/contracts';
import { given, SPEC_START_MS } from '@torch/testing';
import { submitRun, task, withAssignments } from './decider.fixture';

const named = (ids: readonly string[], part: Partial<TaskSpec> = {}): TaskSpec => ({ ...task('b', part), dependsOn: [...ids] });
const submitted = (spec: TaskSpec) => given(withAssignments()).run.tryToDecide(submitRun([task('a'), spec]));

describe('a task that contradicts itself is refused, with nothing submitted', () => {
  it.each<[why: string, spec: TaskSpec, code: string, message: RegExp]>([
    ['two sorts of work', task('b', { prompt: 'x' }), 'unclear-work', /"b".*"run".*"prompt"/],
    ['a deadline below its timeout', task('b', { deadlineMs: 59_999 }), 'contradictory-times', /"deadlineMs" 59999.*"timeoutMs" of 60000/],
    [
      'a queue timeout beyond its deadline',
      task('b', { deadlineMs: 60_000, queueTimeoutMs: 60_001 }),
      'contradictory-times',
      /"queueTimeoutMs" 60001/,
    ],
    ['a progress timeout beyond its timeout', task('b', { progressTimeoutMs: 60_001 }), 'contradictory-times', /"progressTimeoutMs" 60001/],
    [
      'a start that is not before its end',
      task('b', { deadlineMs: 60_000, notBeforeMs: SPEC_START_MS + 60_000 }),
      'contradictory-times',
      /not to start before 1060000.*end by 1060000/,
    ],
    [
      'one dependency on two conditions',
      named(['run-1.a'], { after: [{ taskId: 'run-1.a', on: 'failure' }] }),
      'contradictory-dependency',
      /run-1\.a more than once/,
    ],
    [
      'more dependencies than one task may have',
      named(
        Array.from({ length: 1000 }, (_, i) => `x${i}`),
        { after: [{ taskId: 'run-1.a', on: 'failure' }] },
      ),
      'too-many-dependencies',
      /1001 dependencies.*1000 at most/,
    ],
    [
      'a dependency that nobody knows',
      task('b', { after: [{ taskId: 'run-7.z', on: 'completion' }] }),
      'unknown-dependency',
      /"b" depends on run-7\.z/,
    ],
    ['itself as its dependency', named(['run-1.b']), 'dependency-cycle', /b → b/],
    [
      'like and unlike of one task',
      task('b', { affinity: { sameAgentAs: ['run-1.a'], notAgentOf: ['run-1.a'] } }),
      'contradictory-affinity',
      /run-1\.a/,
    ],
    ['an affinity to itself', task('b', { affinity: { notAgentOf: ['run-1.b'] } }), 'contradictory-affinity', /names the task itself/],
    ['an affinity to nobody', task('b', { affinity: { sameAgentAs: ['run-9.x'] } }), 'unknown-affinity', /run-9\.x/],
    ['evidence of nothing', task('b', { evidence: { commit: false, artefacts: [] } }), 'empty-evidence', /asks for nothing/],
    ['a meter without an estimate', task('b', { metered: true }), 'estimate-missing', /"estimate"/],
  ])('%s', (_why, spec, code, message) => {
    const { run } = given(withAssignments());
    const before = run.digest();
    const refused = run.tryToDecide(submitRun([task('a'), spec]));
    expect(refused).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(run.digest()).toBe(before);
  });
});

describe('a task is taken', () => {
  it.each<[why: string, spec: TaskSpec]>([
    [
      'with all times in order',
      task('b', { notBeforeMs: SPEC_START_MS + 1, queueTimeoutMs: 60_000, progressTimeoutMs: 60_000, deadlineMs: 60_000 }),
    ],
    ['with different conditions on different tasks', task('b', { after: [{ taskId: 'run-1.a', on: 'failure' }] })],
    ['that depends on the task whose agent it avoids', task('b', { dependsOn: ['a'], affinity: { notAgentOf: ['run-1.a'] } })],
    ['that is metered, with an estimate', task('b', { metered: true, estimate: { tokens: 1000 } })],
  ])('%s', (_why, spec) => {
    expect(submitted(spec)).toHaveLength(3);
  });
});

it('finds a circle that goes over edges of all sorts', () => {
  const tasks = [
    task('a', { after: [{ taskId: 'run-1.c', on: 'failure' }] }),
    task('b', { dependsOn: ['a'] }),
    task('c', { after: [{ taskId: 'run-1.b', on: 'completion' }] }),
  ];
  const refused = given(withAssignments()).run.tryToDecide(submitRun(tasks));
  expect(refused).toMatchObject({ code: 'dependency-cycle', message: expect.stringMatching(/[abc] → [abc] → [abc] → [abc]/) as string });
});
