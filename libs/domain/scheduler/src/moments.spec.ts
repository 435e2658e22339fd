import { DeciderRun, SPEC_START_MS } from '@torch/testing';
import {
  completeTask,
  failTask,
  registered,
  reportProgress,
  retryTask,
  resumeWork,
  startTask,
  stopWork,
  submitRun,
  task,
  told,
  withAssignments,
} from './decider.fixture';

const at = (ms: number): number => SPEC_START_MS + ms;

function submitted(part: Parameters<typeof task>[1], { agents = 1 } = {}) {
  const run = new DeciderRun(withAssignments());
  if (agents > 0) run.happened(registered('agent-1', { capacity: agents }));
  run.decide(submitRun([task('a', part)]));
  run.settle();
  return run;
}
const statusOf = (run: ReturnType<typeof submitted>) => run.state.tasks.get('run-1.a')?.status;

describe('a task that is not to start before a time', () => {
  it('is delayed until then', () => {
    const run = submitted({ notBeforeMs: at(5000) });
    expect([statusOf(run), run.dueAtMs()]).toEqual(['delayed', at(5000)]);
    expect(run.restart().passTo(at(4999))).toEqual([]);
    expect(run.passTo(at(5000))).toMatchObject([{ type: 'task.requeued', data: { reason: 'not-before-reached' } }]);
    expect(told(run.settle())).toEqual(['task.assigned run-1.a #1 → agent-1']);
  });

  it('is ready at once when that time has passed, also because its dependencies took long', () => {
    expect(statusOf(submitted({ notBeforeMs: at(0) }))).toBe('assigned');
    const run = submitted({});
    run.decide(submitRun([{ ...task('b', { notBeforeMs: at(9) }), taskId: 'run-2.b', dependsOn: ['run-1.a'] }], { runId: 'run-2' }));
    run.at(at(10)).decide(completeTask('a'));
    expect(run.state.tasks.get('run-2.b')?.status).toBe('ready');
  });
});

describe('a queue timeout', () => {
  it('makes a dead letter of a task that no agent has taken in time', () => {
    const run = submitted({ queueTimeoutMs: 1000 }, { agents: 0 });
    expect(run.restart().dueAtMs()).toBe(at(1000));
    expect(run.passTo(at(1000))).toMatchObject([
      { type: 'task.dead-lettered', data: { attempts: 0, reason: 'queue-timeout: No agent took it within 1000 ms.' } },
    ]);
    run.settle();
    expect(run.dueAtMs()).toBe(Infinity);
  });

  it('counts from when the task is ready, each time', () => {
    const run = submitted({ queueTimeoutMs: 1000 });
    run.passTo(at(30_000));
    expect(statusOf(run)).toBe('ready');
    expect(run.dueAtMs()).toBe(at(31_000));
    expect(
      run.tryToDecide({ type: 'PassMoment', data: { taskId: 'run-1.a', moment: 'queue-timeout', dueAtMs: at(31_000) } }),
    ).toMatchObject({
      code: 'moment-not-reached',
    });
  });

  it('does not pass while work is stopped, and starts again with it', () => {
    const run = submitted({ queueTimeoutMs: 1000 }, { agents: 0 });
    run.at(at(500)).decide(stopWork());
    expect(run.restart().passTo(at(60_000))).toEqual([]);
    run.decide(resumeWork());
    expect(run.restart().dueAtMs()).toBe(at(61_000));
  });
});

describe('a deadline', () => {
  it('counts from submission over all attempts, and ends the live one', () => {
    const run = submitted({ timeoutMs: 1000, deadlineMs: 20_000 });
    run.decide(startTask('a'));
    run.at(at(1000)).decide(failTask('a'));
    run.passTo(at(3000));
    run.settle();
    expect(statusOf(run)).toBe('assigned');
    expect(run.restart().passTo(at(20_000))).toMatchObject([
      { type: 'task.attempt-failed', data: { attempt: 2, reason: 'deadline' } },
      { type: 'task.dead-lettered', data: { attempts: 2, reason: 'deadline: It had not ended 20000 ms after it was submitted.' } },
    ]);
  });

  it('holds for a task that is blocked, and begins anew when it is retried', () => {
    const run = submitted({ timeoutMs: 100 });
    run.decide(
      submitRun([{ ...task('b', { timeoutMs: 100, deadlineMs: 500 }), taskId: 'run-1.b', dependsOn: ['run-1.a'] }], { runId: 'run-2' }),
    );
    expect(told(run.passTo(at(500)))).toEqual(['task.dead-lettered run-1.b']);
    run.at(at(700)).decide(retryTask('b'));
    expect(run.restart().state.tasks.get('run-1.b')).toMatchObject({ status: 'blocked', moments: { deadlineMs: at(1200) } });
  });

  it('is nothing to a task that has ended', () => {
    const run = submitted({ deadlineMs: 100_000 });
    run.decide(completeTask('a'));
    expect(run.decide({ type: 'PassMoment', data: { taskId: 'run-1.a', moment: 'deadline', dueAtMs: at(100_000) } })).toEqual([]);
    expect(run.dueAtMs()).toBe(Infinity);
  });
});

describe('a progress timeout', () => {
  it('ends an attempt of which nothing was heard for so long', () => {
    const run = submitted({ progressTimeoutMs: 1000 });
    run.decide(startTask('a'));
    run.at(at(900)).decide(reportProgress('a'));
    expect(run.restart().dueAtMs()).toBe(at(1900));
    const events = run.passTo(at(1900));
    expect(told(events)).toEqual(['task.attempt-failed run-1.a', 'task.retry-scheduled run-1.a']);
    expect(events[0]).toMatchObject({
      data: { reason: 'progress-timeout', message: 'Agent agent-1 reported no progress of attempt 1 within 1000 ms.' },
    });
  });

  it('does not count before the start, nor between attempts', () => {
    const run = submitted({ progressTimeoutMs: 1000 });
    expect(run.dueAtMs()).toBe(at(30_000));
    run.decide(startTask('a'));
    run.decide(failTask('a'));
    expect(run.state.moments.size).toBe(0);
  });
});

it('costs a task without any of them nothing', () => {
  expect(submitted({}).state.tasks.get('run-1.a')?.moments).toBeUndefined();
});
