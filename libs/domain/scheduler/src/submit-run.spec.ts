import { DeciderRun, given } from '@torch/testing';
import { schedulerDecider, schedulerDeciderWith } from './decider';
import { submitRun, task, told } from './decider.fixture';

describe('a submitted run', () => {
  it('is taken with all of its tasks, in the order of the list', () => {
    const a = task('a', { dependsOn: ['b'] });
    const b = task('b');
    given(schedulerDecider, [], 50)
      .when(submitRun([a, b], { name: 'nightly' }))
      .then([
        { type: 'run.submitted', data: { runId: 'run-1', name: 'nightly', tasks: 2, submittedAtMs: 50 } },
        { type: 'task.submitted', data: { runId: 'run-1', spec: a, submittedAtMs: 50 } },
        { type: 'task.submitted', data: { runId: 'run-1', spec: b, submittedAtMs: 50 } },
      ]);
  });

  it('makes tasks without dependencies ready, and blocks the others', () => {
    const run = new DeciderRun(schedulerDecider);
    run.decide(submitRun([task('a', { dependsOn: ['b'] }), task('b')]));
    expect(run.state.tasks.get('run-1.a')?.status).toBe('blocked');
    expect(run.state.tasks.get('run-1.b')?.status).toBe('ready');
  });
});

describe('a run is refused whole', () => {
  const refused = (tasks: ReturnType<typeof task>[], code: string): void => {
    const { run, when } = given(schedulerDecider);
    const before = run.digest();
    when(submitRun(tasks)).thenRejected(code);
    expect(run.digest()).toBe(before);
  };

  it('when its id was used before', () => {
    const { run, when } = given(schedulerDecider);
    run.decide(submitRun([task('a')]));
    when(submitRun([task('b')])).thenRejected('run-exists');
  });

  it('when a task id is that of another run', () => {
    const { run, when } = given(schedulerDecider);
    run.decide(submitRun([task('a')]));
    when(submitRun([task('a')], { runId: 'run-2' })).thenRejected('task-exists');
  });

  it('when two tasks have one id', () => refused([task('a'), task('b', { taskId: 'run-1.a' })], 'duplicate-task'));
  it('when two tasks have one key', () => refused([task('a'), task('b', { key: 'a' })], 'duplicate-key'));
  it('when a task has nothing to do', () => refused([task('a', { run: undefined })], 'unclear-work'));
  it('when a task has both a command and a prompt', () => refused([task('a', { prompt: 'go' })], 'unclear-work'));
  it('when a dependency is unknown', () => refused([task('a', { dependsOn: ['nowhere'] })], 'unknown-dependency'));
  it('when a task depends on itself', () => refused([task('a', { dependsOn: ['a'] })], 'dependency-cycle'));

  it('when tasks depend on each other in a circle, which is named', () => {
    const run = new DeciderRun(schedulerDecider);
    const tasks = [
      task('free'),
      task('behind', { dependsOn: ['b'] }),
      task('a', { dependsOn: ['b'] }),
      task('b', { dependsOn: ['c', 'free'] }),
      task('c', { dependsOn: ['a'] }),
    ];
    expect(run.tryToDecide(submitRun(tasks))).toMatchObject({
      code: 'dependency-cycle',
      message: expect.stringContaining('b → c → a → b') as string,
    });
  });

  it('when the queue has no room for all of its tasks', () => {
    const { run, when } = given(schedulerDeciderWith({ tasksOpenMax: 3 }));
    expect(told(run.decide(submitRun([task('a'), task('b')])))).toHaveLength(3);
    when(submitRun([task('c'), task('d')], { runId: 'run-2' })).thenRejected('open-tasks-limit');
  });
});

it('takes a chain of 2,000 tasks', () => {
  const run = new DeciderRun(schedulerDecider);
  const chain = Array.from({ length: 2000 }, (_, i) => task(`t${i}`, { dependsOn: i === 0 ? [] : [`t${i - 1}`] }));
  expect(run.decide(submitRun(chain.reverse()))).toHaveLength(2001);
  expect(run.state.tasks.get('run-1.t1999')?.waitingFor).toBe(1);
});
