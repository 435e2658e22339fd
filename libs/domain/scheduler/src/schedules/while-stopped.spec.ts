import { resumeWork, stopWork } from '../decider.fixture';
import { listSchedules } from './schedules.reads';
import { fired, fireSchedule, HOUR, passHours, runId, scheduled, setSchedule, START_MS } from './schedules.fixture';

/** Stopped after a quarter of an hour, and as it is at the given hour. */
function stopped(part: Parameters<typeof setSchedule>[0], hours: number) {
  const run = scheduled(part);
  run.at(START_MS + HOUR / 4).decide(stopWork());
  run.settle();
  expect(passHours(run, hours)).toEqual([]);
  return run;
}

describe('a schedule, while work of its project is stopped', () => {
  it('starts nothing, and is not due, also after a restart', () => {
    const run = stopped({}, 3);
    expect(run.dueAtMs()).toBe(Infinity);
    expect(run.restart().dueAtMs()).toBe(Infinity);
    expect(run.decide(fireSchedule(START_MS + HOUR))).toEqual([]);
    expect(listSchedules(run.state).schedules).toMatchObject([{ nextAtMs: START_MS + HOUR }]);
    expect(run.state.runs.size).toBe(0);
  });

  it('can be set, and removed', () => {
    const run = stopped({}, 1.5);
    run.decide(setSchedule({ cron: '30 * * * *' }));
    expect(listSchedules(run.state).schedules).toMatchObject([{ cron: '30 * * * *', nextAtMs: START_MS + 2.5 * HOUR }]);
  });
});

describe('times that passed while work was stopped', () => {
  it.each([
    ['once' as const, 'skip' as const, [{ runId: runId(3), missed: 2 }]],
    ['skip' as const, 'skip' as const, [{ skipped: 'The time was missed, and passed 1800000 ms ago.', missed: 3 }]],
    ['all' as const, 'queue' as const, [1, 2, 3].map((hour) => ({ runId: runId(hour), missed: 0 }))],
  ])('are made up for under the policy %s, once work is resumed', (missed, overlap, firings) => {
    const run = stopped({ missed, overlap }, 3.5);
    run.restart().decide(resumeWork());
    expect(run.dueAtMs()).toBe(START_MS + HOUR);
    expect(fired(passHours(run, 3.5))).toMatchObject(firings);
    expect(run.dueAtMs()).toBeGreaterThan(run.nowMs);
  });

  it('are nothing to a schedule that was paused as well', () => {
    const run = stopped({ paused: true }, 3.5);
    run.decide(resumeWork());
    expect(passHours(run, 3.5)).toEqual([]);
  });
});
