import { type ScheduleFired, SCHEDULES_MAX } from '@torch/contracts';
import { DeciderRun } from '@torch/testing';
import { task, withAssignments } from '../decider.fixture';
import { listSchedules } from './schedules.reads';
import { fired, fireSchedule, HOUR, passHours, removeSchedule, runId, scheduled, setSchedule, START_MS, taskId } from './schedules.fixture';

const empty = () => new DeciderRun(withAssignments()).at(START_MS);

describe('a schedule', () => {
  it('is set with what it leaves open filled in, and says when it fires next', () => {
    expect(empty().decide(setSchedule())).toMatchObject([
      {
        type: 'schedule.set',
        subject: 'schedule/nightly',
        data: { timeZone: 'UTC', overlap: 'skip', missed: 'once', paused: false, nextAtMs: START_MS + HOUR, setAtMs: START_MS },
      },
    ]);
  });

  it('goes by the clocks of its zone', () => {
    const run = empty().at(Date.parse('2026-03-28T12:00Z'));
    const [event] = run.decide(setSchedule({ cron: '30 2 * * *', timeZone: 'Europe/Berlin' }));
    expect(event?.data).toMatchObject({ nextAtMs: Date.parse('2026-03-29T01:00Z') });
    expect(fired(run.passTo(run.dueAtMs()))).toMatchObject([{ nextAtMs: Date.parse('2026-03-30T00:30Z') }]);
  });

  it('changes nothing when it is set again as it is', () => {
    expect(scheduled().decide(setSchedule({ overlap: 'skip', timeZone: 'UTC' }))).toEqual([]);
    expect(scheduled().decide(setSchedule({ task: task('report', { taskId: 'made.up-for-this-request' }) }))).toEqual([]);
  });

  it('takes the place of the one before, and remembers its last run', () => {
    const run = scheduled();
    passHours(run, 1);
    run.decide(setSchedule({ cron: '30 * * * *' }));
    expect(listSchedules(run.state).schedules).toMatchObject([
      { cron: '30 * * * *', nextAtMs: START_MS + 1.5 * HOUR, lastRunId: runId(1), lastFiredAtMs: START_MS + HOUR },
    ]);
    expect(run.decide(fireSchedule(START_MS + 2 * HOUR))).toEqual([]);
  });

  it('gives each run ids of its own, and the name of the schedule', () => {
    const run = scheduled();
    expect(passHours(run, 1).slice(0, 3)).toMatchObject([
      { type: 'schedule.fired', data: { dueAtMs: START_MS + HOUR, runId: runId(1), missed: 0, nextAtMs: START_MS + 2 * HOUR } },
      { type: 'run.submitted', data: { runId: runId(1), name: 'nightly', tasks: 1 } },
      { type: 'task.submitted', data: { runId: runId(1), spec: { taskId: taskId(1), key: 'report', fairnessKey: 'user:operator' } } },
    ]);
    expect(run.state.tasks.get(taskId(1))?.status).toBe('assigned');
  });

  it('fires once for a time, whoever asks, and not before it', () => {
    const run = scheduled();
    expect(run.tryToDecide(fireSchedule(START_MS + HOUR))).toMatchObject({ code: 'schedule-not-due' });
    passHours(run, 1);
    expect(run.decide(fireSchedule(START_MS + HOUR))).toEqual([]);
  });
});

describe('a paused schedule', () => {
  it('fires no more, and when it goes on, it does not make up for what passed meanwhile', () => {
    const run = scheduled();
    expect(run.decide(setSchedule({ paused: true }))[0]?.data).not.toHaveProperty('nextAtMs');
    expect([run.dueAtMs(), fired(passHours(run, 5))]).toEqual([Infinity, []]);
    expect(run.decide(setSchedule({ missed: 'once' }))).toMatchObject([{ type: 'schedule.set', data: { nextAtMs: START_MS + 6 * HOUR } }]);
    expect(fired(passHours(run, 6))).toMatchObject([{ runId: runId(6), missed: 0 }]);
  });

  it('is checked as any other', () => {
    expect(empty().tryToDecide(setSchedule({ paused: true, cron: 'often' }))).toMatchObject({ code: 'invalid-cron' });
  });
});

describe('a removed schedule', () => {
  it('fires no more, and its run goes on', () => {
    const run = scheduled();
    passHours(run, 1);
    expect(run.decide(removeSchedule())).toMatchObject([
      { type: 'schedule.removed', data: { scheduleId: 'nightly', removedAtMs: START_MS + HOUR } },
    ]);
    expect(run.decide(fireSchedule(START_MS + 2 * HOUR))).toEqual([]);
    expect([listSchedules(run.state).schedules, run.state.tasks.get(taskId(1))?.status]).toEqual([[], 'assigned']);
  });

  it('has to be there', () => {
    expect(empty().tryToDecide(removeSchedule())).toMatchObject({ code: 'unknown-schedule' });
  });
});

describe('a schedule that cannot be', () => {
  it.each([
    ['invalid-cron', { cron: '0 25 * * *' }, /"cron".*nightly.*"0 25 \* \* \*".*hour is "25"/],
    ['invalid-cron', { cron: '0 0 30 2 *' }, /no such time, ever/],
    ['unknown-time-zone', { timeZone: 'Mars/Olympus' }, /"timeZone".*"Mars\/Olympus"/],
    ['schedule-contradictory', { missed: 'all' as const }, /"overlap" to "queue"/],
    ['schedule-contradictory', { task: task('report', { dependsOn: ['a'] }) }, /"dependsOn"/],
    ['schedule-contradictory', { task: { ...task('report'), after: [{ taskId: 'x', on: 'failure' as const }] } }, /"after"/],
    ['schedule-contradictory', { task: task('report', { notBeforeMs: START_MS }) }, /"notBeforeMs"/],
    ['schedule-contradictory', { scheduleId: 's'.repeat(110) }, /6 characters too long/],
    ['unclear-work', { task: task('report', { prompt: 'and a prompt' }) }, /exactly one of "run" and "prompt"/],
  ])('is refused as %s: %j', (code, part, message) => {
    const run = empty();
    const before = run.digest();
    const refused = run.tryToDecide(setSchedule(part));
    expect(refused).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(run.digest()).toBe(before);
  });

  it('is one too many', () => {
    const run = empty();
    for (let n = 0; n < SCHEDULES_MAX; n++) run.decide(setSchedule({ scheduleId: `s${n}` }));
    expect(run.tryToDecide(setSchedule({ scheduleId: 'more' }))).toMatchObject({ code: 'too-many-schedules' });
    expect(run.decide(setSchedule({ scheduleId: 's7', paused: true }))).toHaveLength(1);
  });
});

describe('many schedules that are due together', () => {
  it('fire a few in each turn, each once', () => {
    const run = empty();
    for (let n = 0; n < 40; n++) run.decide(setSchedule({ scheduleId: `s${n}` }));
    const turns: ScheduleFired[][] = [];
    run.at(START_MS + HOUR);
    while (run.dueAtMs() <= run.nowMs) turns.push(fired(run.passTo(run.nowMs)));
    expect(turns.map((turn) => turn.length)).toEqual([16, 16, 8]);
    expect(new Set(turns.flat().map(({ scheduleId }) => scheduleId)).size).toBe(40);
  });
});

describe('a schedule whose task is as large as an event', () => {
  it('is refused when it is set, since its runs could not be recorded', () => {
    const { run: _command, ...spec } = task('report');
    const set = (length: number) => empty().tryToDecide(setSchedule({ task: { ...spec, prompt: '\u{1F6D1}'.repeat(length) } }));
    expect(set(15_900)).toMatchObject({ code: 'task-too-large' });
    expect(set(15_700)).toMatchObject([{ type: 'schedule.set' }]);
  });
});
