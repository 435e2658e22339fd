import { eventContract, upcast } from '@torch/contracts';
import { DeciderRun, SPEC_START_MS } from '@torch/testing';
import { schedulerDecider, schedulerDeciderWith } from './decider';
import {
  cancelTask,
  completeTask,
  failTask,
  recordFencedAttempt,
  registered,
  reportProgress,
  startTask,
  submitRun,
  task,
  told,
  withAssignments,
} from './decider.fixture';

/** Task `a` is assigned to agent-1, as attempt 1 and assignment `id-1`. */
function assignedRun(decider = schedulerDecider) {
  const run = new DeciderRun(withAssignments(decider)).happened(registered('agent-1'));
  run.decide(submitRun([task('a')]));
  run.settle();
  return run;
}

const LOST = { assignment: 'lost' };

describe('an attempt of a history that the log has lost', () => {
  it('is not taken for the live one, although agent and number are the same', () => {
    const run = assignedRun();
    const before = run.digest();
    for (const report of [startTask('a'), reportProgress('a')]) {
      expect(run.tryToDecide({ ...report, data: { ...report.data, ...LOST } })).toMatchObject({ code: 'stale-attempt' });
    }
    expect(told(run.decide(completeTask('a', LOST)))).toEqual(['task.result-ignored run-1.a']);
    expect(run.decide(failTask('a', LOST))).toMatchObject([
      {
        type: 'task.result-ignored',
        data: {
          assignment: 'lost',
          reason:
            'Attempt 1 of agent agent-1 is not the live one: task run-1.a is assigned at attempt 1 of agent agent-1, by assignment id-1 and not lost.',
        },
      },
    ]);
    expect(run.digest()).toBe(before);
    expect(told(run.decide(completeTask('a')))).toEqual(['task.completed run-1.a']);
  });

  it('is recorded when its agent holds it, with what the log has instead', () => {
    expect(assignedRun().decide(recordFencedAttempt('a'))).toMatchObject([
      {
        type: 'attempt.fenced',
        subject: 'task/run-1.a',
        data: {
          taskId: 'run-1.a',
          attempt: 1,
          assignment: 'lost',
          agentId: 'agent-1',
          reason: 'Attempt 1 of task run-1.a is assignment id-1 in the log, and not lost.',
          fencedAtMs: SPEC_START_MS,
        },
      },
    ]);
  });

  it('is recorded when the log has never got that far with the task', () => {
    const run = assignedRun();
    expect(run.decide(recordFencedAttempt('a', { attempt: 2 }))).toMatchObject([
      { data: { reason: 'The log holds no attempt 2 of task run-1.a, whose newest is 1.' } },
    ]);
    const waiting = new DeciderRun(schedulerDecider);
    waiting.decide(submitRun([task('a')]));
    expect(told(waiting.decide(recordFencedAttempt('a')))).toEqual(['attempt.fenced run-1.a']);
  });

  it('is recorded when the log holds nothing of its task or its agent', () => {
    const run = new DeciderRun(schedulerDecider);
    expect(run.decide(recordFencedAttempt('a'))).toMatchObject([
      { type: 'attempt.fenced', subject: 'task/run-1.a', data: { reason: 'The log holds no task run-1.a, or it ended long ago.' } },
    ]);
    expect(run.decide(completeTask('a', LOST))).toMatchObject([
      { type: 'task.result-ignored', data: { assignment: 'lost', outcome: 'completed', exitCode: 0 } },
    ]);
    expect(told(run.decide(failTask('a', LOST)))).toEqual(['task.result-ignored run-1.a']);
  });

  it('is told from an older attempt of this history', () => {
    const run = assignedRun();
    run.decide(failTask('a', { reason: 'harness' }));
    run.passTo(run.dueAtMs());
    run.settle();
    expect(run.state.tasks.get('run-1.a')).toMatchObject({ attempt: 2, assignments: ['id-1', 'id-2'] });
    expect(run.decide(recordFencedAttempt('a', { assignment: 'id-1' }))).toEqual([]);
    expect(told(run.decide(recordFencedAttempt('a')))).toEqual(['attempt.fenced run-1.a']);
  });

  it('is not asked about beyond the assignments that are remembered', () => {
    const run = assignedRun(schedulerDeciderWith({ assignmentsKeptMax: 1 }));
    run.decide(failTask('a'));
    run.passTo(run.dueAtMs());
    run.settle();
    expect(run.state.tasks.get('run-1.a')).toMatchObject({ attempt: 2, assignments: ['id-2'] });
    expect(run.decide(recordFencedAttempt('a'))).toEqual([]);
    expect(told(run.decide(recordFencedAttempt('a', { attempt: 2 })))).toEqual(['attempt.fenced run-1.a']);
  });
});

describe('an attempt that the log knows', () => {
  it('is not fenced, whether it is live, over or cancelled', () => {
    const run = assignedRun();
    const held = recordFencedAttempt('a', { assignment: 'id-1' });
    expect(run.decide(held)).toEqual([]);
    run.decide(startTask('a'));
    expect(run.decide(held)).toEqual([]);
    run.decide(cancelTask('a'));
    expect(run.decide(held)).toEqual([]);
  });
});

describe('reports on what the log does not know', () => {
  const fenced = { perReporterMax: 2, windowMs: 1000, reportersMax: 10 };

  it('are recorded once', () => {
    const run = new DeciderRun(schedulerDecider);
    expect(run.decide(recordFencedAttempt('a'))).toHaveLength(1);
    expect(run.restart().decide(recordFencedAttempt('a'))).toEqual([]);
    expect(run.decide(completeTask('a', LOST))).toHaveLength(1);
    expect(run.decide(completeTask('a', LOST))).toEqual([]);
  });

  it('are limited for each agent and time, results among them', () => {
    const run = new DeciderRun(schedulerDeciderWith({ fenced }));
    expect(run.decide(recordFencedAttempt('a'))).toHaveLength(1);
    expect(run.decide(completeTask('b', LOST))).toHaveLength(1);
    for (const command of [recordFencedAttempt('c'), completeTask('c', LOST)]) {
      expect(run.tryToDecide(command)).toMatchObject({
        code: 'too-many-fenced',
        message: 'Agent agent-1 has reported 2 attempts within 1000 ms that the log does not know.',
      });
    }
    expect(run.decide(recordFencedAttempt('c', { agentId: 'agent-2' }))).toHaveLength(1);
    expect(run.at(SPEC_START_MS + 1000).decide(recordFencedAttempt('c'))).toHaveLength(1);
  });
});

describe('an assignment of the first version', () => {
  it('is told from others by its time', () => {
    const v1 = { taskId: 'run-1.a', attempt: 1, agentId: 'agent-1', leaseUntilMs: 30, assignedAtMs: 7 };
    expect(upcast(eventContract('task.assigned')!, 1, v1)).toEqual({ ...v1, assignment: 'v1:7' });
  });
});
