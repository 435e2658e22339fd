import { DeciderRun, SPEC_START_MS } from '@torch/testing';
import { schedulerDecider, schedulerDeciderWith } from './decider';
import { completeTask, failTask, registered, submitRun, task, told, withAssignments } from './decider.fixture';

function assigned(part: Parameters<typeof task>[1] = {}, decider = schedulerDecider) {
  const run = new DeciderRun(withAssignments(decider)).happened(registered('agent-1'));
  run.decide(submitRun([task('a', part)]));
  run.settle();
  return run;
}
const limited = (retryAtMs?: number, attempt = 1) =>
  failTask('a', { class: 'rate-limited', attempt, ...(retryAtMs === undefined ? {} : { retryAtMs }) });

describe('a rate-limited attempt', () => {
  it('is followed by another at the given time, and is not spent', () => {
    const run = assigned({ retries: 0 });
    const retryAtMs = SPEC_START_MS + 5000;
    expect(run.decide(limited(retryAtMs))).toMatchObject([
      { type: 'task.attempt-failed', data: { reason: 'rate-limited', message: 'exit code 1' } },
      { type: 'task.retry-scheduled', data: { retryAtMs } },
    ]);
    expect(told(run.restart().passTo(retryAtMs))).toEqual(['task.requeued run-1.a']);
    run.settle();
    expect(told(run.decide(failTask('a', { attempt: 2 })))).toEqual(['task.attempt-failed run-1.a', 'task.dead-lettered run-1.a']);
  });

  it('is spent once there were too many', () => {
    const run = assigned({ retries: 1 }, schedulerDeciderWith({ rateLimitsMax: 2 }));
    const said = [1, 2, 3, 4].map((attempt) => {
      const events = told(run.decide(limited(run.nowMs, attempt)));
      run.restart().passTo(run.nowMs);
      run.settle();
      return events.at(-1);
    });
    expect(said).toEqual([...Array.from({ length: 3 }, () => 'task.retry-scheduled run-1.a'), 'task.dead-lettered run-1.a']);
  });

  it.each([
    ['in the past', -1, 0],
    ['too far off', 40 * 86_400_000, 86_400_000],
  ])('waits for no time that is %s', (_what, wantedMs, waitsMs) => {
    const run = assigned();
    expect(run.decide(limited(SPEC_START_MS + wantedMs))[1]).toMatchObject({ data: { retryAtMs: SPEC_START_MS + waitsMs } });
  });

  it('must say until when', () => {
    expect(assigned().tryToDecide(limited())).toMatchObject({
      code: 'retry-time-missing',
      message: expect.stringContaining('"retryAtMs"') as string,
    });
  });
});

describe('an attempt that has no budget left', () => {
  it('fails its task, which says so', () => {
    const run = assigned();
    expect(run.decide(failTask('a', { class: 'budget', message: '2 USD are spent' }))).toMatchObject([
      { type: 'task.attempt-failed', data: { reason: 'budget' } },
      { type: 'task.failed', data: { reason: 'budget: 2 USD are spent' } },
    ]);
  });
});

describe('a result that lacks evidence', () => {
  const evidence = { exitCodeZero: true, commit: true, artefacts: [{ path: 'dist/app.js' }], command: 'npm test' };
  const shown = { exitCode: 0, commit: 'abcdef1', artefacts: [{ path: 'dist/app.js' }], command: { command: 'npm test', exitCode: 0 } };

  it('is not accepted, says why, and leads to another attempt', () => {
    const run = assigned({ evidence });
    const events = run.decide(completeTask('a', { evidence: { ...shown, command: { command: 'npm test', exitCode: 1 } } }));
    expect(told(events)).toEqual(['task.attempt-failed run-1.a', 'task.retry-scheduled run-1.a']);
    expect(events[0]).toMatchObject({
      data: {
        reason: 'evidence-missing',
        message: 'The result is not accepted, for want of evidence. The command "npm test" ended with exit code 1.',
        exitCode: 0,
        durationMs: 7,
      },
    });
  });

  it('is accepted with all of it, which is kept in the log', () => {
    expect(assigned({ evidence }).decide(completeTask('a', { evidence: shown }))).toMatchObject([
      { type: 'task.completed', data: { evidence: shown } },
    ]);
  });

  it('becomes a dead letter when no attempt shows more', () => {
    const run = assigned({ evidence: { commit: true }, retries: 0 });
    expect(told(run.decide(completeTask('a')))).toEqual(['task.attempt-failed run-1.a', 'task.dead-lettered run-1.a']);
    expect(run.state.tasks.get('run-1.a')?.reason).toContain('No commit');
  });
});
