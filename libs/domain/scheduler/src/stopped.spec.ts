import { DeciderRun } from '@torch/testing';
import { schedulerDecider, schedulerDeciderWith } from './decider';
import {
  cancelTask,
  completeTask,
  registered,
  resumeWork,
  startTask,
  stopWork,
  submitRun,
  task,
  told,
  withAssignments,
} from './decider.fixture';

function working(count: number, decider = schedulerDecider) {
  const run = new DeciderRun(withAssignments(decider)).happened(registered('agent-1', { capacity: count }));
  run.decide(submitRun(Array.from({ length: count }, (_, i) => task(`t${i}`, { retries: 0 }))));
  run.settle();
  return run;
}

describe('stopped work', () => {
  it('ends every live attempt, without spending it, and starts no other', () => {
    const run = working(2);
    run.decide(startTask('t0'));
    run.decide(stopWork('the bill'));
    const events = run.settle();
    expect(told(events).slice(0, 6)).toEqual([
      'task.attempt-failed run-1.t0',
      'task.retry-scheduled run-1.t0',
      'task.requeued run-1.t0',
      'task.attempt-failed run-1.t1',
      'task.retry-scheduled run-1.t1',
      'task.requeued run-1.t1',
    ]);
    expect(events[0]).toMatchObject({ data: { reason: 'stopped', message: 'Work was stopped: the bill', agentId: 'agent-1' } });
    for (let i = 0; i < 3; i++) expect(told(run.settle()).filter((line) => line.includes('assigned'))).toEqual([]);
    expect(run.state.tasks.get('run-1.t0')).toMatchObject({ status: 'ready', attempt: 1, attemptsBefore: 1 });
  });

  it('goes on when it is resumed, also after a restart', () => {
    const run = working(1);
    run.decide(stopWork());
    run.settle();
    run.settle();
    expect(told(run.restart().settle())).toEqual([]);
    run.decide(resumeWork());
    expect(told(run.settle())).toContain('task.assigned run-1.t0 #2 → agent-1');
    expect(told(run.decide(completeTask('t0', { attempt: 1 })))).toEqual(['task.result-ignored run-1.t0']);
    expect(told(run.decide(completeTask('t0', { attempt: 2 })))).toEqual(['task.completed run-1.t0']);
  });

  it('takes new runs, cancellations and results of the moment, and loses nothing', () => {
    const run = working(1);
    run.decide(stopWork());
    expect(told(run.decide(completeTask('t0')))).toEqual(['task.completed run-1.t0']);
    run.decide(submitRun([task('late')], { runId: 'run-2' }));
    run.settle();
    expect(run.state.tasks.get('run-1.late')?.status).toBe('ready');
    expect(told(run.decide(cancelTask('late')))).toEqual(['task.cancelled run-1.late']);
  });

  it('ends attempts by as many events at a time as fit into a commit', () => {
    const run = working(5, schedulerDeciderWith({ settleEventsMax: 7 }));
    run.settle();
    run.decide(stopWork());
    const live = [1, 2, 3].map(() => {
      expect(run.answer().length).toBeLessThanOrEqual(7);
      return run.restart().state.live.size;
    });
    expect(live).toEqual([3, 1, 0]);
  });

  it('is stopped and resumed once, however often that is asked for', () => {
    const run = working(1);
    run.decide(stopWork());
    expect(run.decide(stopWork())).toEqual([]);
    run.decide(resumeWork());
    expect(run.decide(resumeWork())).toEqual([]);
  });
});
