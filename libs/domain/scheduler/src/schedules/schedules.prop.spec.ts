import type { SetSchedule } from '@torch/contracts';
import { DeciderRun } from '@torch/testing';
import fc from 'fast-check';
import { registered, task, withAssignments } from '../decider.fixture';
import { listSchedules } from './schedules.reads';
import { HOUR, passHours, removeSchedule, setSchedule, START_MS } from './schedules.fixture';

type Step =
  | { readonly type: 'set'; readonly part: Partial<SetSchedule> }
  | { readonly type: 'remove'; readonly scheduleId: string }
  | { readonly type: 'pass'; readonly hours: number }
  | { readonly type: 'complete' }
  | { readonly type: 'restart' };

const scheduleId = fc.constantFrom('nightly', 'weekly', 'x');
const set = fc.record({
  type: fc.constant('set' as const),
  part: fc.record({
    scheduleId,
    cron: fc.constantFrom('@hourly', '*/20 * * * *', '30 2 * * *'),
    timeZone: fc.constantFrom('UTC', 'Europe/Berlin'),
    overlap: fc.constantFrom('skip' as const, 'queue' as const, 'queue' as const, 'replace' as const),
    missed: fc.constantFrom('skip' as const, 'once' as const, 'all' as const),
    paused: fc.constantFrom(false, false, false, true),
    task: fc.constant(task('report', { timeoutMs: 5 * HOUR })),
  }),
});
const remove = fc.record({ type: fc.constant('remove' as const), scheduleId });
const pass = fc.record({ type: fc.constant('pass' as const), hours: fc.constantFrom(0.25, 0.5, 1, 2, 10, 40) });
const step = fc.oneof<fc.MaybeWeightedArbitrary<Step>[]>(
  { weight: 3, arbitrary: set },
  { weight: 1, arbitrary: remove },
  { weight: 5, arbitrary: pass },
  { weight: 4, arbitrary: fc.constant({ type: 'complete' as const }) },
  { weight: 2, arbitrary: fc.constant({ type: 'restart' as const }) },
);
const steps = fc.array(step, { minLength: 8, maxLength: 24, size: 'max' });

function play(all: readonly Step[], { restarts }: { restarts: boolean }) {
  const run = new DeciderRun(withAssignments()).at(START_MS).happened(registered('agent-1', { capacity: 2 }));
  let hours = 0;
  for (const step of all) {
    if (step.type === 'set') run.tryToDecide(setSchedule(step.part));
    else if (step.type === 'remove') run.tryToDecide(removeSchedule(step.scheduleId));
    else if (step.type === 'pass') passHours(run, (hours += step.hours));
    else if (step.type === 'restart' && restarts) run.restart();
    else if (step.type === 'complete') {
      const [live] = [...run.state.tasks.values()].filter(({ status }) => status === 'assigned');
      const result = { taskId: live?.spec.taskId, attempt: live?.attempt, agentId: 'agent-1', durationMs: 1 };
      if (live) run.decide({ type: 'CompleteTask', data: result });
    }
    run.settle();
  }
  return run;
}

describe('schedules', () => {
  it('come to the same state live, from a replay, and from snapshots on the way', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const live = play(all, { restarts: false });
        const restarted = play(all, { restarts: true });
        expect(restarted.log).toEqual(live.log);
        expect(live.digest(live.replayed())).toBe(live.digest());
        expect(restarted.digest()).toBe(live.digest());
        expect(restarted.dueAtMs()).toBe(live.dueAtMs());
      }),
      { numRuns: 30 },
    );
  });

  it('start no two runs for one time, and none after they are removed or paused', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const { log } = play(all, { restarts: true });
        const times = new Set<string>();
        const active = new Map<string, boolean>();
        for (const { type, data } of log) {
          const { scheduleId: id, paused, runId } = data as { scheduleId: string; paused?: boolean; runId?: string };
          if (type === 'schedule.set') active.set(id, !paused);
          if (type === 'schedule.removed') active.delete(id);
          if (type !== 'schedule.fired') continue;
          expect(active.get(id)).toBe(true);
          if (runId !== undefined) expect(times.size).toBe(times.add(runId).size - 1);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('leave nothing due behind: the next time of each lies ahead, or it is paused', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const run = play(all, { restarts: true });
        passHours(run, 2000);
        for (const { paused, nextAtMs } of listSchedules(run.state).schedules)
          expect(paused ? nextAtMs : (nextAtMs ?? 0) > run.nowMs).toBe(paused ? undefined : true);
      }),
      { numRuns: 20 },
    );
  });
});
