import { DeciderRun, SPEC_START_MS } from '@torch/testing';
import { schedulerDeciderWith } from './decider';
import {
  cancelRun,
  cancelTask,
  completeTask,
  failTask,
  registered,
  retryTask,
  startTask,
  submitRun,
  task,
  told,
  withAssignments,
} from './decider.fixture';

function submitted(tasks: ReturnType<typeof task>[], capacity = 1) {
  const run = new DeciderRun(withAssignments()).happened(registered('agent-1', { capacity }));
  run.decide(submitRun(tasks));
  run.settle();
  return run;
}

describe('a cancelled task', () => {
  it('names the live attempt that is to be stopped, and frees its agent', () => {
    const run = submitted([task('a'), task('b')]);
    expect(run.decide(cancelTask('a', 'changed my mind'))).toMatchObject([
      { type: 'task.cancelled', data: { reason: 'changed my mind', attempt: 1, agentId: 'agent-1', cancelledAtMs: SPEC_START_MS } },
    ]);
    expect(told(run.settle())).toContain('task.assigned run-1.b #1 → agent-1');
  });

  it('leaves the queue when it has not been assigned', () => {
    const run = submitted([task('a'), task('b'), task('c')]);
    expect(run.decide(cancelTask('b'))[0]?.data).not.toHaveProperty('attempt');
    run.decide(completeTask('a'));
    expect(told(run.settle())).toContain('task.assigned run-1.c #1 → agent-1');
  });

  it('has its dependants skipped, and the run ends as failed', () => {
    const run = submitted([task('a'), task('b', { dependsOn: ['a'] }), task('c', { dependsOn: ['b'] })]);
    run.decide(cancelTask('b'));
    expect(told(run.settle())).toEqual(['task.skipped run-1.c']);
    run.decide(completeTask('a'));
    expect(told(run.settle())).toEqual(['run.ended run-1 failed']);
  });

  it('stays so when it is cancelled again', () => {
    const run = submitted([task('a')]);
    run.decide(cancelTask('a'));
    expect(run.decide(cancelTask('a', 'once more'))).toEqual([]);
  });

  it('must not have ended otherwise', () => {
    const run = submitted([task('a')]);
    run.decide(completeTask('a'));
    expect(run.tryToDecide(cancelTask('a'))).toMatchObject({ code: 'task-ended' });
  });

  it('takes the whole subtree along when that is asked for', () => {
    const tasks = [task('a'), task('b', { dependsOn: ['a'] }), task('c', { dependsOn: ['b'] }), task('other', { priority: 9 })];
    const run = submitted(tasks);
    const cancelled = run.decide(cancelTask('a', 'x'.repeat(200), { subtree: true }));
    expect(told(cancelled)).toEqual(['task.cancelled run-1.a', 'task.cancelled run-1.b', 'task.cancelled run-1.c']);
    expect(cancelled.map(({ data }) => (data as { reason: string }).reason.length)).toEqual([200, 100, 100]);
    expect(run.decide(cancelTask('a', 'again', { subtree: true }))).toEqual([]);
    expect(run.state.tasks.get('run-1.other')?.status).toBe('ready');
  });

  it('cancels what is left of the subtree behind a task that has completed', () => {
    const run = submitted([task('a'), task('b', { dependsOn: ['a'] })]);
    run.decide(completeTask('a'));
    expect(told(run.decide(cancelTask('a', 'x', { subtree: true })))).toEqual(['task.cancelled run-1.b']);
  });

  it('is refused with a subtree that is larger than a commit may be', () => {
    const run = new DeciderRun(withAssignments(schedulerDeciderWith({ subtreeMax: 2 })));
    run.decide(submitRun([task('a'), task('b', { dependsOn: ['a'] }), task('c', { dependsOn: ['a'] })]));
    expect(run.tryToDecide(cancelTask('a', 'x', { subtree: true }))).toMatchObject({ code: 'subtree-too-large' });
    expect(told(run.decide(cancelTask('a')))).toEqual(['task.cancelled run-1.a']);
  });

  it('has no timer left when it was backing off', () => {
    const run = submitted([task('a')]);
    run.decide(failTask('a'));
    run.decide(cancelTask('a'));
    expect(run.dueAtMs()).toBe(Infinity);
  });
});

describe('a cancelled run', () => {
  it('cancels what has not ended, and ends as cancelled', () => {
    const run = submitted([task('a'), task('b'), task('c', { dependsOn: ['b'] })]);
    run.decide(completeTask('a'));
    run.settle();
    expect(run.decide(cancelRun('too dear'))).toMatchObject([
      { type: 'run.cancel-requested', data: { reason: 'too dear', requestedAtMs: SPEC_START_MS } },
    ]);
    expect(told(run.settle())).toEqual(['task.cancelled run-1.b', 'task.cancelled run-1.c', 'run.ended run-1 cancelled']);
    expect(run.state.tasks.get('run-1.b')?.reason).toBe('too dear');
  });

  it('is cancelled by as many events at a time as fit into a commit', () => {
    const run = new DeciderRun(withAssignments(schedulerDeciderWith({ settleEventsMax: 3 })));
    run.decide(submitRun(Array.from({ length: 7 }, (_, i) => task(`t${i}`))));
    run.settle();
    run.decide(cancelRun('x'.repeat(2000)));
    expect(run.answer()).toHaveLength(3);
    expect(run.restart().answer()).toHaveLength(3);
    expect(told(run.settle())).toEqual(['task.cancelled run-1.t6', 'run.ended run-1 cancelled', 'demand.changed developer 0/0']);
    expect(run.settle()).toEqual([]);
    expect(run.state.tasks.get('run-1.t0')?.reason).toHaveLength(100);
  });

  it('is asked for once', () => {
    const run = submitted([task('a')]);
    run.decide(cancelRun());
    expect(run.decide(cancelRun())).toEqual([]);
    run.settle();
    expect(run.decide(cancelRun())).toEqual([]);
  });

  it('must not have ended otherwise', () => {
    const run = submitted([task('a')]);
    run.decide(completeTask('a'));
    run.settle();
    expect(run.tryToDecide(cancelRun())).toMatchObject({ code: 'run-ended' });
  });

  it('ends as completed when its last tasks complete in the same turn', () => {
    const run = submitted([task('a')]);
    run.decide(cancelRun());
    run.decide(completeTask('a'));
    expect(told(run.settle())).toEqual(['run.ended run-1 completed']);
  });

  it('must exist', () => {
    expect(new DeciderRun(withAssignments()).tryToDecide(cancelRun())).toMatchObject({ code: 'unknown-run' });
  });
});

describe('a retry that is asked for', () => {
  it('puts a dead letter back with a fresh set of attempts, whose numbers go on', () => {
    const run = submitted([task('a', { retries: 1 })]);
    run.passTo(run.dueAtMs());
    run.settle();
    run.passTo(run.dueAtMs());
    expect(told(run.settle())).toEqual(['run.ended run-1 failed']);

    expect(run.decide(retryTask('a'))).toMatchObject([{ type: 'task.requeued', data: { reason: 'retry-asked' } }]);
    expect(run.state.runs.get('run-1')).toMatchObject({ status: 'running', deadLettered: 0, endedAtMs: undefined });
    expect(told(run.settle())).toEqual(['task.assigned run-1.a #3 → agent-1']);
    run.passTo(run.dueAtMs());
    run.settle();
    expect(run.state.tasks.get('run-1.a')).toMatchObject({ status: 'assigned', attempt: 4 });
    run.decide(completeTask('a', { attempt: 4 }));
    expect(told(run.settle())).toEqual(['run.ended run-1 completed']);
  });

  it('leaves dependants as they are until they are retried themselves', () => {
    const run = submitted([task('a', { retries: 0 }), task('b', { dependsOn: ['a'] })]);
    run.decide(failTask('a'));
    run.settle();
    expect(run.tryToDecide(retryTask('b'))).toMatchObject({ code: 'dependency-not-completed' });
    run.decide(retryTask('a'));
    run.settle();
    run.decide(completeTask('a', { attempt: 2 }));
    expect(told(run.settle())).toEqual(['run.ended run-1 completed']);
    run.decide(retryTask('b'));
    expect(told(run.settle())).toEqual(['task.assigned run-1.b #1 → agent-1']);
  });

  it('spares dependants when it comes before they were skipped', () => {
    const run = submitted([task('a', { retries: 0 }), task('b', { dependsOn: ['a'] })]);
    run.decide(failTask('a'));
    run.decide(retryTask('a'));
    expect(told(run.settle())).toEqual(['task.assigned run-1.a #2 → agent-1']);
    run.decide(completeTask('a', { attempt: 2 }));
    expect(told(run.settle())).toEqual(['task.assigned run-1.b #1 → agent-1']);
  });

  it('changes nothing when it is asked for again before the next attempt', () => {
    const run = submitted([task('a', { retries: 0 }), task('b')]);
    run.decide(failTask('a'));
    run.decide(retryTask('a'));
    expect(run.decide(retryTask('a'))).toEqual([]);
  });

  it('is refused while the task has not ended, and after it has completed', () => {
    const run = submitted([task('a')]);
    expect(run.tryToDecide(retryTask('a'))).toMatchObject({ code: 'task-not-ended' });
    run.decide(startTask('a'));
    run.decide(completeTask('a'));
    expect(run.tryToDecide(retryTask('a'))).toMatchObject({ code: 'task-completed' });
    expect(run.tryToDecide(retryTask('x'))).toMatchObject({ code: 'unknown-task' });
  });
});

describe('ended runs', () => {
  it('are forgotten from the first, when their tasks are too many to keep', () => {
    const run = new DeciderRun(withAssignments(schedulerDeciderWith({ tasksEndedMax: 2 }))).happened(registered('agent-1'));
    for (const key of ['a', 'b', 'c']) {
      run.decide(submitRun([task(key)], { runId: `run-${key}` }));
      run.settle();
      run.decide(completeTask(key));
      run.settle();
    }
    expect([...run.state.runs.keys()]).toEqual(['run-b', 'run-c']);
    expect([...run.state.tasks.keys()]).toEqual(['run-1.b', 'run-1.c']);
    expect(run.tryToDecide(cancelTask('a'))).toMatchObject({ code: 'unknown-task' });
  });

  it('are kept while a retry keeps them open', () => {
    const run = new DeciderRun(withAssignments(schedulerDeciderWith({ tasksEndedMax: 1 }))).happened(
      registered('agent-1', { capacity: 9 }),
    );
    run.decide(submitRun([task('a', { retries: 0 })]));
    run.settle();
    run.decide(failTask('a'));
    run.settle();
    run.decide(retryTask('a'));
    for (const key of ['b', 'c']) {
      run.decide(submitRun([task(key)], { runId: `run-${key}` }));
      run.settle();
      run.decide(completeTask(key));
      run.settle();
    }
    expect([...run.state.runs.keys()]).toEqual(['run-1', 'run-c']);
  });
});
