import { DeciderRun, SPEC_START_MS } from '@torch/testing';
import {
  cancelTask,
  completeTask,
  failTask,
  registered,
  reportProgress,
  startTask,
  submitRun,
  task,
  told,
  withAssignments,
} from './decider.fixture';

function assignedRun(part: Parameters<typeof task>[1] = {}) {
  const run = new DeciderRun(withAssignments()).happened(registered('agent-1'));
  run.decide(submitRun([task('a', part)]));
  run.settle();
  return run;
}

describe('an assigned task', () => {
  it('is leased for the time in which its agent must start', () => {
    const run = new DeciderRun(withAssignments()).happened(registered('agent-1'));
    run.decide(submitRun([task('a')]));
    expect(run.settle()).toMatchObject([
      {
        type: 'task.assigned',
        data: { taskId: 'run-1.a', attempt: 1, agentId: 'agent-1', leaseUntilMs: SPEC_START_MS + 30_000, assignedAtMs: SPEC_START_MS },
      },
    ]);
    expect(run.dueAtMs()).toBe(SPEC_START_MS + 30_000);
  });

  it('is leased for its timeout and a grace once it has started', () => {
    const run = assignedRun({ timeoutMs: 60_000 }).at(SPEC_START_MS + 10);
    expect(run.decide(startTask('a'))).toMatchObject([{ type: 'task.started', data: { leaseUntilMs: SPEC_START_MS + 10 + 90_000 } }]);
    expect(run.dueAtMs()).toBe(SPEC_START_MS + 10 + 90_000);
  });

  it('may complete without a start', () => {
    const run = assignedRun();
    expect(told(run.decide(completeTask('a')))).toEqual(['task.completed run-1.a']);
    expect(told(run.settle())).toEqual(['run.ended run-1 completed']);
    expect(run.dueAtMs()).toBe(Infinity);
  });

  it('goes on in the thread of its submission, and keeps the thread of those who report', () => {
    const run = new DeciderRun(withAssignments()).happened(registered('agent-1'));
    run.decide({ ...submitRun([task('a')]), correlationId: 'plan-7' });
    expect(run.settle()[0]).toMatchObject({ correlationId: 'plan-7' });
    expect(run.decide({ ...startTask('a'), correlationId: 'agent-call' })[0]?.correlationId).toBeUndefined();
  });
});

describe('a running task', () => {
  it('is started once', () => {
    const run = assignedRun();
    run.decide(startTask('a'));
    expect(run.decide(startTask('a'))).toEqual([]);
  });

  it('records progress', () => {
    const run = assignedRun();
    run.decide(startTask('a'));
    expect(run.decide(reportProgress('a', { note: 'two of three' }))).toMatchObject([
      { type: 'task.progressed', data: { note: 'two of three' } },
    ]);
  });

  it('completes with what its agent reports, and ends its run', () => {
    const run = assignedRun().at(SPEC_START_MS + 5);
    run.decide(startTask('a'));
    const usage = { inputTokens: 10 };
    expect(run.decide(completeTask('a', { outputTail: 'ok', usage }))).toEqual([
      expect.objectContaining({
        type: 'task.completed',
        data: {
          taskId: 'run-1.a',
          attempt: 1,
          agentId: 'agent-1',
          exitCode: 0,
          durationMs: 7,
          outputTail: 'ok',
          usage,
          completedAtMs: SPEC_START_MS + 5,
        },
      }),
    ]);
    expect(run.settle()).toMatchObject([
      {
        type: 'run.ended',
        data: { runId: 'run-1', status: 'completed', completed: 1, failed: 0, cancelled: 0, deadLettered: 0, endedAtMs: SPEC_START_MS + 5 },
      },
    ]);
  });
});

describe('a report about an attempt that is not the live one', () => {
  it('is refused when it is a start or progress', () => {
    const run = assignedRun();
    expect(run.tryToDecide(startTask('a', { attempt: 2 }))).toMatchObject({ code: 'stale-attempt' });
    expect(run.tryToDecide(startTask('a', { agentId: 'agent-2' }))).toMatchObject({ code: 'stale-attempt' });
    expect(run.tryToDecide(reportProgress('a', { attempt: 2 }))).toMatchObject({ code: 'stale-attempt' });
  });

  it('is recorded and not applied when it is a result of another agent', () => {
    const run = assignedRun();
    const before = run.digest();
    expect(run.decide(completeTask('a', { agentId: 'agent-2' }))).toMatchObject([
      { type: 'task.result-ignored', data: { agentId: 'agent-2', outcome: 'completed', exitCode: 0 } },
    ]);
    expect(run.decide(failTask('a', { agentId: 'agent-2' }))).toMatchObject([
      { type: 'task.result-ignored', data: { outcome: 'failed', exitCode: 1 } },
    ]);
    expect(run.digest()).toBe(before);
  });

  it('is recorded and not applied when it is the result of an older attempt', () => {
    const run = assignedRun();
    run.passTo(run.dueAtMs());
    run.settle();
    expect(run.state.tasks.get('run-1.a')).toMatchObject({ status: 'assigned', attempt: 2 });
    expect(told(run.decide(completeTask('a', { attempt: 1 })))).toEqual(['task.result-ignored run-1.a']);
    expect(told(run.decide(completeTask('a', { attempt: 2 })))).toEqual(['task.completed run-1.a']);
  });

  it('is recorded and not applied when the same result comes again', () => {
    const run = assignedRun();
    run.decide(completeTask('a'));
    expect(run.decide(completeTask('a'))).toMatchObject([
      {
        type: 'task.result-ignored',
        data: { reason: 'Attempt 1 of agent agent-1 is not the live one: task run-1.a is completed at attempt 1 of agent agent-1.' },
      },
    ]);
  });

  it('is recorded and not applied after a cancellation', () => {
    const run = assignedRun();
    run.decide(cancelTask('a'));
    expect(told(run.decide(failTask('a')))).toEqual(['task.result-ignored run-1.a']);
    expect(run.tryToDecide(startTask('a'))).toMatchObject({ code: 'stale-attempt' });
  });

  it('is refused when there is no such task', () => {
    const run = assignedRun();
    for (const command of [startTask('x'), reportProgress('x'), cancelTask('x')]) {
      expect(run.tryToDecide(command)).toMatchObject({ code: 'unknown-task' });
    }
  });
});
