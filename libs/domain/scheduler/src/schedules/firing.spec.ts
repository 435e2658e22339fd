import { MISSED_RUNS_MAX } from '@torch/contracts';
import { schedulerDeciderWith } from '../decider';
import { submitRun, task, told } from '../decider.fixture';
import { complete, fired, HOUR, passHours, runId, scheduled, setSchedule, START_MS, taskId } from './schedules.fixture';

describe('a schedule whose run before has not ended', () => {
  it('skips the time under the policy skip, and says why', () => {
    const run = scheduled();
    passHours(run, 1);
    const [firing] = fired(passHours(run, 2));
    expect(firing).toEqual({
      scheduleId: 'nightly',
      dueAtMs: START_MS + 2 * HOUR,
      skipped: `Run ${runId(1)} has not ended.`,
      missed: 0,
      nextAtMs: START_MS + 3 * HOUR,
      firedAtMs: START_MS + 2 * HOUR,
    });
    expect(run.state.runs.size).toBe(1);
  });

  it('fires again once it has ended', () => {
    const run = scheduled({ task: task('report', { timeoutMs: 24 * HOUR }) });
    passHours(run, 1);
    run.decide(complete(1));
    run.settle();
    expect(fired(passHours(run, 2))).toMatchObject([{ runId: runId(2) }]);
  });

  it('cancels it under the policy replace, and its agent takes the new one', () => {
    const run = scheduled({ overlap: 'replace' });
    passHours(run, 1);
    expect(told(passHours(run, 1.999))).not.toContain(`run.ended ${runId(1)} cancelled`);
    const events = passHours(run, 2);
    expect(events.find(({ type }) => type === 'run.cancel-requested')).toMatchObject({
      data: { runId: runId(1), reason: `Replaced by run ${runId(2)}.` },
    });
    expect(told(events)).toEqual(
      expect.arrayContaining([`task.cancelled ${taskId(1)}`, `run.ended ${runId(1)} cancelled`, `task.assigned ${taskId(2)} #1 → agent-1`]),
    );
  });

  it('has the new one wait for its end under the policy queue, also with a second agent', () => {
    const run = scheduled({ overlap: 'queue', task: task('report', { timeoutMs: 24 * HOUR }) }, { agents: 2 });
    passHours(run, 1);
    run.decide({ type: 'StartTask', data: { taskId: taskId(1), attempt: 1, agentId: 'agent-1' } });
    expect(fired(passHours(run, 3))).toMatchObject([{ runId: runId(3) }]);
    expect(run.state.tasks.get(taskId(3))).toMatchObject({ status: 'blocked', spec: { after: [{ taskId: taskId(1), on: 'completion' }] } });
    const [failed] = run.decide({
      type: 'FailTask',
      data: { taskId: taskId(1), attempt: 1, agentId: 'agent-1', class: 'permanent', reason: 'exit-code', message: 'no', durationMs: 1 },
    });
    expect(failed?.type).toBe('task.attempt-failed');
    run.settle();
    expect(run.state.tasks.get(taskId(3))?.status).toBe('assigned');
  });

  it('lets no more than so many wait under the policy queue', () => {
    const run = scheduled({ overlap: 'queue' }, { agents: 0 });
    for (let hour = 1; hour <= MISSED_RUNS_MAX + 1; hour++) expect(fired(passHours(run, hour))).toMatchObject([{ runId: runId(hour) }]);
    const [firing] = fired(passHours(run, MISSED_RUNS_MAX + 2));
    expect(firing).toMatchObject({ skipped: `Run ${runId(1)} has not ended, and ${MISSED_RUNS_MAX} runs wait behind it already.` });
    expect(run.state.schedules.byId.get('nightly')?.runIds).toHaveLength(MISSED_RUNS_MAX + 1);
  });

  it('cancels all that wait, when it is to replace from now on', () => {
    const run = scheduled({ overlap: 'queue' }, { agents: 0 });
    for (let hour = 1; hour <= 3; hour++) passHours(run, hour);
    run.decide(setSchedule({ overlap: 'replace' }));
    const ended = told(passHours(run, 4)).filter((line) => line.startsWith('run.ended'));
    expect(ended).toEqual([1, 2, 3].map((hour) => `run.ended ${runId(hour)} cancelled`));
  });
});

describe('a long outage', () => {
  const OUTAGE_HOURS = 60.5;

  it('costs a schedule that skips what it missed nothing but time', () => {
    const run = scheduled({ missed: 'skip' });
    expect(fired(passHours(run, OUTAGE_HOURS))).toMatchObject([
      { skipped: 'The time was missed, and passed 1800000 ms ago.', missed: 60, nextAtMs: START_MS + 61 * HOUR },
    ]);
    expect(fired(passHours(run, 61))).toMatchObject([{ runId: runId(61), missed: 0 }]);
  });

  it('is made up for by one run, unless the schedule says otherwise', () => {
    expect(fired(passHours(scheduled(), OUTAGE_HOURS))).toMatchObject([{ runId: runId(60), missed: 59, nextAtMs: START_MS + 61 * HOUR }]);
  });

  it('is made up for by so many runs at most, one after the other, under the policy all', () => {
    const run = scheduled({ missed: 'all', overlap: 'queue' });
    const firings = fired(passHours(run, OUTAGE_HOURS));
    const hours = Array.from({ length: MISSED_RUNS_MAX }, (_, place) => 37 + place);
    expect(firings.map((firing) => firing.runId)).toEqual(hours.map(runId));
    expect(firings.map(({ missed }) => missed)).toEqual([36, ...hours.slice(1).map(() => 0)]);
    expect(hours.map((hour) => run.state.tasks.get(taskId(hour))?.status)).toEqual(['assigned', ...hours.slice(1).map(() => 'blocked')]);
    for (const hour of hours) {
      run.decide(complete(hour));
      run.settle();
    }
    expect(hours.map((hour) => run.state.runs.get(runId(hour))?.status)).toEqual(hours.map(() => 'completed'));
  });
});

describe('a run that is refused', () => {
  it('is skipped with the reason, and the schedule goes on', () => {
    const run = scheduled({}, { agents: 0, decider: schedulerDeciderWith({ tasksOpenMax: 1 }) });
    run.decide(submitRun([task('a')]));
    const [firing] = fired(passHours(run, 1));
    expect(firing?.runId).toBeUndefined();
    expect(firing).toMatchObject({ skipped: expect.stringMatching(/no room/) as string, nextAtMs: START_MS + 2 * HOUR });
    expect(run.state.schedules.byId.get('nightly')?.lastFiredAtMs).toBeUndefined();
  });

  it('does not cancel the one before it', () => {
    const run = scheduled({ overlap: 'replace' }, { decider: schedulerDeciderWith({ tasksOpenMax: 1 }) });
    passHours(run, 1);
    expect(fired(passHours(run, 2))).toMatchObject([{ skipped: expect.stringMatching(/no room/) as string }]);
    expect(run.state.runs.get(runId(1))?.cancelReason).toBeUndefined();
  });
});
