import { DeciderRun, SPEC_START_MS } from '@torch/testing';
import { backoffMs } from './backoff';
import { cancelTask, failTask, registered, startTask, submitRun, task, told, withAssignments } from './decider.fixture';
import { SCHEDULER_LIMITS } from './scheduler.limits';

function startedRun(part: Parameters<typeof task>[1] = {}, dependants: ReturnType<typeof task>[] = []) {
  const run = new DeciderRun(withAssignments()).happened(registered('agent-1'));
  run.decide({ ...submitRun([task('a', part), ...dependants]), correlationId: 'plan-7' });
  run.settle();
  run.decide(startTask('a'));
  return run;
}

describe('a failed attempt', () => {
  it('is followed by a back-off, then by the next attempt', () => {
    const run = startedRun();
    const retryAtMs = SPEC_START_MS + backoffMs({ taskId: 'run-1.a', attempt: 1, failures: 1 }, SCHEDULER_LIMITS);
    expect(run.decide(failTask('a'))).toMatchObject([
      { type: 'task.attempt-failed', data: { attempt: 1, agentId: 'agent-1', reason: 'exit-code', message: 'exit code 1', exitCode: 1 } },
      { type: 'task.retry-scheduled', data: { attempt: 1, retryAtMs } },
    ]);
    expect(run.settle()).toEqual([]);
    expect(run.dueAtMs()).toBe(retryAtMs);
    expect(run.passTo(retryAtMs)).toMatchObject([{ type: 'task.requeued', data: { reason: 'backoff-over' }, correlationId: 'plan-7' }]);
    expect(told(run.settle())).toEqual(['task.assigned run-1.a #2 → agent-1']);
  });

  it('fails the task at once when no retry can mend it', () => {
    const run = startedRun();
    expect(run.decide(failTask('a', { class: 'permanent' }))).toMatchObject([
      { type: 'task.attempt-failed', data: { reason: 'exit-code' } },
      { type: 'task.failed', data: { attempts: 1, reason: 'exit code 1' } },
    ]);
    expect(told(run.settle())).toEqual(['run.ended run-1 failed']);
  });

  it('is the last one when it is one more than the retries, and the task a dead letter', () => {
    const run = startedRun({ retries: 1 });
    run.decide(failTask('a'));
    run.passTo(run.dueAtMs());
    run.settle();
    expect(run.decide(failTask('a', { attempt: 2 }))).toMatchObject([
      { type: 'task.attempt-failed', data: { attempt: 2 } },
      { type: 'task.dead-lettered', data: { attempts: 2, reason: 'attempts-exhausted: exit code 1' } },
    ]);
    expect(run.settle()).toMatchObject([{ type: 'run.ended', data: { status: 'failed', deadLettered: 1 } }]);
  });

  it('keeps the reason within its limit without cutting a character in half', () => {
    const run = startedRun({ retries: 0 });
    const [, deadLettered] = run.decide(failTask('a', { message: `${'x'.repeat(1979)}🔥${'y'.repeat(19)}` }));
    const { reason } = deadLettered?.data as { reason: string };
    expect(reason).toBe(`attempts-exhausted: ${'x'.repeat(1979)}`);
  });

  it('leaves out everything that depends on the task, however deep', () => {
    const chain = Array.from({ length: 1999 }, (_, i) => task(`d${i}`, { dependsOn: [i === 0 ? 'a' : `d${i - 1}`] }));
    const run = startedRun({ retries: 0 }, chain);
    run.decide(failTask('a'));
    const events = [run.settle(), run.settle(), run.settle(), run.settle()].flat();
    expect(events.filter(({ type }) => type === 'task.skipped')).toHaveLength(1999);
    expect(events[0]).toMatchObject({
      data: { taskId: 'run-1.d0', reason: 'Its dependency run-1.a is dead-lettered.' },
      correlationId: 'plan-7',
    });
    expect(events[1]).toMatchObject({ data: { taskId: 'run-1.d1', reason: 'Its dependency run-1.d0 is skipped.' } });
    expect(events.at(-1)).toMatchObject({ type: 'run.ended', data: { status: 'failed', skipped: 1999, deadLettered: 1 } });
    expect(run.settle()).toEqual([]);
  });
});

describe('a lease that ends', () => {
  it('before the start requeues the task at once', () => {
    const run = new DeciderRun(withAssignments()).happened(registered('agent-1'));
    run.decide({ ...submitRun([task('a')]), correlationId: 'plan-7' });
    run.settle();
    const events = run.passTo(SPEC_START_MS + 30_000);
    expect(told(events)).toEqual(['task.attempt-failed run-1.a', 'task.retry-scheduled run-1.a', 'task.requeued run-1.a']);
    expect(events).toMatchObject([
      {
        data: { reason: 'lease-expired', message: expect.stringContaining('gave no start of attempt 1') as string },
        correlationId: 'plan-7',
      },
      { data: { retryAtMs: SPEC_START_MS + 30_000 }, correlationId: 'plan-7' },
      { correlationId: 'plan-7' },
    ]);
    expect(told(run.settle())).toEqual(['task.assigned run-1.a #2 → agent-1']);
  });

  it('counts as an attempt', () => {
    const run = startedRun({ retries: 0 });
    expect(told(run.passTo(run.dueAtMs()))).toEqual(['task.attempt-failed run-1.a', 'task.dead-lettered run-1.a']);
  });

  it('is not ended early, nor for an older attempt, nor after the task has ended', () => {
    const run = startedRun();
    const expire = { type: 'ExpireLease', data: { taskId: 'run-1.a', attempt: 1 } };
    expect(run.tryToDecide(expire)).toMatchObject({ code: 'lease-not-expired' });
    run.passTo(run.dueAtMs());
    run.settle();
    expect(run.decide(expire)).toEqual([]);
    run.decide(cancelTask('a'));
    expect(run.decide({ type: 'ExpireLease', data: { taskId: 'run-1.a', attempt: 2 } })).toEqual([]);
    expect(run.dueAtMs()).toBe(Infinity);
  });
});

describe('a back-off', () => {
  it('doubles up to its limit, with jitter in its upper half that is the same every time', () => {
    for (let failures = 1; failures <= 12; failures++) {
      const fullMs = Math.min(60_000, 1000 * 2 ** (failures - 1));
      const ms = backoffMs({ taskId: 'run-1.a', attempt: failures, failures }, SCHEDULER_LIMITS);
      expect(ms).toBeGreaterThanOrEqual(fullMs / 2);
      expect(ms).toBeLessThanOrEqual(fullMs);
      expect(ms).toBe(backoffMs({ taskId: 'run-1.a', attempt: failures, failures }, SCHEDULER_LIMITS));
    }
  });

  it('differs between tasks, so that they do not all come back at once', () => {
    const pauses = new Set(
      Array.from({ length: 100 }, (_, i) => backoffMs({ taskId: `run-1.t${i}`, attempt: 1, failures: 1 }, SCHEDULER_LIMITS)),
    );
    expect(pauses.size).toBeGreaterThan(80);
  });

  it('is not ended early, nor for an older attempt', () => {
    const run = startedRun();
    run.decide(failTask('a'));
    expect(run.tryToDecide({ type: 'EndBackoff', data: { taskId: 'run-1.a', attempt: 1 } })).toMatchObject({ code: 'backoff-not-over' });
    expect(run.decide({ type: 'EndBackoff', data: { taskId: 'run-1.a', attempt: 2 } })).toEqual([]);
  });
});
