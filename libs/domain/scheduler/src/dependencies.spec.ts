import type { TaskSpec } from '@torch/contracts';
import { DeciderRun, given } from '@torch/testing';
import { schedulerDeciderWith } from './decider';
import { cancelTask, completeTask, failTask, registered, retryTask, submitRun, task, told, withAssignments } from './decider.fixture';

const after = (key: string, on: 'failure' | 'completion', part: Partial<TaskSpec> = {}) => ({
  after: [{ taskId: `run-1.${key}`, on }],
  ...part,
});

/** `a` is assigned, and `b` depends on it. */
function waiting(b: Partial<TaskSpec>, ...others: TaskSpec[]) {
  const run = new DeciderRun(withAssignments()).happened(registered('agent-1', { capacity: 9 }));
  run.decide(submitRun([task('a', { retries: 0 }), task('b', b), ...others]));
  run.settle();
  return run;
}
type Waiting = ReturnType<typeof waiting>;

const ENDINGS: Record<string, (run: Waiting) => unknown> = {
  completes: (run) => run.decide(completeTask('a')),
  fails: (run) => run.decide(failTask('a', { class: 'permanent' })),
  'becomes a dead letter': (run) => run.decide(failTask('a')),
  'is cancelled': (run) => run.decide(cancelTask('a')),
};

describe('a task that waits for a dependency to end with', () => {
  it.each([
    ['success', 'completes', 'assigned'],
    ['success', 'fails', 'skipped'],
    ['success', 'becomes a dead letter', 'skipped'],
    ['success', 'is cancelled', 'skipped'],
    ['failure', 'completes', 'skipped'],
    ['failure', 'fails', 'assigned'],
    ['failure', 'becomes a dead letter', 'assigned'],
    ['failure', 'is cancelled', 'skipped'],
    ['completion', 'completes', 'assigned'],
    ['completion', 'fails', 'assigned'],
    ['completion', 'becomes a dead letter', 'assigned'],
    ['completion', 'is cancelled', 'assigned'],
  ] as const)('%s, when it %s, is %s', (on, ending, status) => {
    const run = waiting(on === 'success' ? { dependsOn: ['a'] } : after('a', on));
    expect(run.state.tasks.get('run-1.b')?.status).toBe('blocked');
    ENDINGS[ending]?.(run);
    run.settle();
    expect(run.state.tasks.get('run-1.b')?.status).toBe(status);
  });

  it('success is skipped with a reason, and that does not count against the run', () => {
    const run = waiting(after('a', 'failure'));
    run.decide(completeTask('a'));
    expect(run.settle()).toMatchObject([
      { type: 'task.skipped', data: { taskId: 'run-1.b', reason: 'Its dependency run-1.a is completed.' } },
      { type: 'run.ended', data: { status: 'completed', completed: 1, skipped: 1, failed: 0 } },
    ]);
  });

  it('anything but completion is skipped when the dependency was', () => {
    const run = waiting(
      after('a', 'failure'),
      task('c', { dependsOn: ['b'] }),
      task('d', after('b', 'failure')),
      task('e', after('b', 'completion')),
    );
    run.decide(completeTask('a'));
    const said = [...told(run.settle()), ...told(run.settle())];
    expect(said).toEqual(expect.arrayContaining(['task.skipped run-1.c', 'task.skipped run-1.d', 'task.assigned run-1.e #1 → agent-1']));
  });
});

describe('a task whose dependency fails', () => {
  it('fails too when its policy says so, and its own dependants hear of that', () => {
    const run = waiting({ dependsOn: ['a'], onDependencyFailure: 'fail' }, task('cleanup', after('b', 'failure')));
    run.decide(failTask('a'));
    expect(run.answer()).toMatchObject([
      { type: 'task.failed', data: { taskId: 'run-1.b', attempts: 0, reason: 'Its dependency run-1.a is dead-lettered.' } },
    ]);
    expect(told(run.settle())).toEqual(['task.assigned run-1.cleanup #1 → agent-1']);
  });

  it('goes on when its policy says so, once all its dependencies have ended', () => {
    const run = waiting({ dependsOn: ['a', 'other'], onDependencyFailure: 'continue' }, task('other'));
    run.decide(failTask('a'));
    expect(told(run.settle())).toEqual([]);
    run.decide(completeTask('other'));
    expect(told(run.settle())).toEqual(['task.assigned run-1.b #1 → agent-1']);
  });

  it('waits again for the dependency when that is retried before the task has been left out', () => {
    const run = waiting({ dependsOn: ['a'], onDependencyFailure: 'fail' });
    run.decide(failTask('a'));
    run.decide(retryTask('a'));
    run.settle();
    expect(run.restart().state.tasks.get('run-1.b')).toMatchObject({ status: 'blocked', waitingFor: 1, broken: 0 });
  });
});

describe('a dependency on a task of another run', () => {
  const other = (key: string, dependsOn: string[], part: Partial<TaskSpec> = {}) =>
    submitRun([{ ...task(key, part), taskId: `run-2.${key}`, dependsOn }], { runId: 'run-2' });

  it('is waited for', () => {
    const run = waiting({});
    run.decide(other('x', ['run-1.a']));
    run.settle();
    expect(run.state.tasks.get('run-2.x')?.status).toBe('blocked');
    run.decide(completeTask('a'));
    expect(told(run.settle())).toEqual(['task.assigned run-2.x #1 → agent-1']);
  });

  it('may have ended already, well or not', () => {
    const run = waiting({});
    run.decide(completeTask('a'));
    run.decide(failTask('b', { class: 'permanent' }));
    run.decide(other('x', ['run-1.a']));
    expect(run.state.tasks.get('run-2.x')?.status).toBe('ready');
    run.decide({ ...other('y', ['run-1.b']), data: { ...other('y', ['run-1.b']).data, runId: 'run-3' } });
    expect(told(run.settle())).toContain('task.skipped run-2.y');
  });

  it('must be known: a task that is yet to come cannot be named, and so no circle over runs can form', () => {
    given(withAssignments())
      .when(other('x', ['run-9.later']))
      .thenRejected('unknown-dependency');
  });

  it('keeps the run from being forgotten while the task is open, and no longer', () => {
    const run = new DeciderRun(withAssignments(schedulerDeciderWith({ tasksEndedMax: 1 }))).happened(
      registered('agent-1', { capacity: 9 }),
    );
    run.decide(submitRun([task('a')]));
    run.settle();
    run.decide(completeTask('a', { result: { branch: 'fix' } }));
    run.settle();
    run.decide(other('x', ['run-1.a'], { notBeforeMs: run.nowMs + 1000 }));
    for (const runId of ['run-3', 'run-4']) {
      run.decide(submitRun([{ ...task('t'), taskId: `${runId}.t` }], { runId }));
      run.decide({ type: 'CancelRun', data: { runId, reason: 'x' } });
      run.settle();
    }
    expect([...run.restart().state.runs.keys()]).toEqual(['run-1', 'run-2', 'run-4']);
    run.decide({ type: 'CancelRun', data: { runId: 'run-2', reason: 'x' } });
    run.settle();
    expect([...run.state.runs.keys()]).toEqual(['run-2']);
    expect(run.digest(run.replayed())).toBe(run.digest());
  });

  it('holds nobody back once it is forgotten: what was skipped because of it may be retried', () => {
    const run = new DeciderRun(withAssignments(schedulerDeciderWith({ tasksEndedMax: 1 }))).happened(registered('agent-1'));
    run.decide(submitRun([task('a')]));
    run.decide(cancelTask('a'));
    run.settle();
    run.decide(other('x', ['run-1.a']));
    run.settle();
    run.settle();
    expect([...run.state.runs.keys()]).toEqual(['run-2']);
    const again = { type: 'RetryTask', data: { taskId: 'run-2.x' } };
    expect(told(run.restart().decide(again))).toEqual(['task.requeued run-2.x']);
    expect(told(run.settle())).toEqual(['task.assigned run-2.x #1 → agent-1']);
  });
});
