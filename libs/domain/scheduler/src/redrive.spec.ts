import { DeciderRun, SPEC_START_MS } from '@torch/testing';
import {
  cancelTask,
  changePriority,
  completeTask,
  failTask,
  redriveTasks,
  registered,
  submitRun,
  task,
  told,
  withAssignments,
} from './decider.fixture';

/** Dead letters `a`, `b` and `c`, which became so in the order c, a, b. */
function deadLetters() {
  const run = new DeciderRun(withAssignments()).happened(registered('agent-1', { capacity: 9 }), registered('tester', { role: 'tester' }));
  run.decide(submitRun([task('a', { retries: 0 }), task('b', { retries: 0, kind: 'review' })]));
  run.decide(submitRun([task('c', { retries: 0, role: 'tester' })], { runId: 'run-2' }));
  run.settle();
  run.at(SPEC_START_MS + 1).decide(failTask('c', { agentId: 'tester', message: 'no disk' }));
  run.at(SPEC_START_MS + 2).decide(failTask('a'));
  run.at(SPEC_START_MS + 3).decide(failTask('b'));
  run.settle();
  return run;
}
const keys = (events: readonly { data: unknown }[]): string[] =>
  events.map(({ data }) => (data as { taskId: string }).taskId.slice('run-1.'.length));

describe('dead letters are redriven', () => {
  it('all, the oldest first, each with a fresh set of attempts', () => {
    const run = deadLetters();
    expect(keys(run.decide(redriveTasks()))).toEqual(['c', 'a', 'b']);
    expect(run.state.tasks.get('run-1.a')).toMatchObject({ status: 'ready', attemptsBefore: 1 });
    expect(run.decide(redriveTasks())).toEqual([]);
  });

  it.each([
    ['run', { runId: 'run-1' }, ['a', 'b']],
    ['role', { role: 'tester' }, ['c']],
    ['kind', { kind: 'review' }, ['b']],
    ['the default kind', { kind: 'task' }, ['c', 'a']],
    ['what their reason contains', { reason: 'disk' }, ['c']],
    ['all of them together', { runId: 'run-1', reason: 'disk' }, []],
    ['number', { limit: 2 }, ['c', 'a']],
    ['name', { taskIds: ['run-1.b', 'run-1.a'] }, ['a', 'b']],
  ])('by %s', (_by, filter, found) => {
    expect(keys(deadLetters().restart().decide(redriveTasks(filter)))).toEqual(found);
  });

  it('once: those that have been taken up or have completed since are passed over', () => {
    const run = deadLetters();
    run.decide(redriveTasks({ taskIds: ['run-1.a', 'run-1.b'] }));
    run.settle();
    run.decide(completeTask('a', { attempt: 2 }));
    expect(run.decide(redriveTasks({ taskIds: ['run-1.a', 'run-1.b'] }))).toEqual([]);
  });

  it('but nothing that is named and is none, or is not known', () => {
    const run = deadLetters();
    run.decide(submitRun([task('d')], { runId: 'run-3' }));
    run.decide(cancelTask('d'));
    const refused = run.tryToDecide(redriveTasks({ taskIds: ['run-1.a', 'run-1.d'] }));
    expect(refused).toMatchObject({
      code: 'not-dead-lettered',
      message: 'Task run-1.d is cancelled, and no dead letter: retry it by itself.',
    });
    expect(run.tryToDecide(redriveTasks({ taskIds: ['run-1.x'] }))).toMatchObject({ code: 'unknown-task' });
  });

  it('unless their dependencies have failed, which would only have them left out', () => {
    const run = new DeciderRun(withAssignments()).happened(registered('agent-1'));
    run.decide(submitRun([task('a', { retries: 0 }), task('b', { dependsOn: ['a'], deadlineMs: 60_000 })]));
    run.settle();
    run.passTo(run.dueAtMs());
    run.passTo(SPEC_START_MS + 60_000);
    expect([...run.state.deadLetters].map(({ spec }) => spec.key)).toEqual(['a', 'b']);
    expect(keys(run.decide(redriveTasks({ taskIds: ['run-1.b'] })))).toEqual([]);
    expect(keys(run.decide(redriveTasks()))).toEqual(['a']);
    expect(keys(run.decide(redriveTasks()))).toEqual(['b']);
    expect(run.state.tasks.get('run-1.b')?.status).toBe('blocked');
  });
});

describe('a changed priority', () => {
  const queued = () => {
    const run = new DeciderRun(withAssignments()).happened(registered('agent-1'));
    run.decide(submitRun([task('a'), task('b'), task('c')]));
    run.settle();
    return run;
  };

  it('counts from then on, also after a restart', () => {
    const run = queued();
    expect(run.decide(changePriority('c', 0))).toMatchObject([{ type: 'task.priority-changed', data: { priority: 0 } }]);
    run.restart().decide(completeTask('a'));
    expect(run.state.tasks.get('run-1.c')?.priority).toBe(0);
    expect(told(run.settle())).toContain('task.assigned run-1.c #1 → agent-1');
  });

  it('is said once, and not of a task that has ended', () => {
    const run = queued();
    run.decide(changePriority('a', 0));
    expect(run.decide(changePriority('a', 0))).toEqual([]);
    run.decide(completeTask('a'));
    expect(run.tryToDecide(changePriority('a', 1))).toMatchObject({ code: 'task-ended' });
    expect(run.tryToDecide(changePriority('x', 1))).toMatchObject({ code: 'unknown-task' });
  });
});
