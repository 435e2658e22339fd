import { canonicalJson, type NewEvent } from '@torch/kernel';
import { DeciderRun, propertyRounds } from '@torch/testing';
import * as fc from 'fast-check';
import { schedulerDecider, type SchedulerDecider, schedulerDeciderWith } from './decider';
import { cancelTask, registered, stopWork, submitRun, task, told, withAssignments } from './decider.fixture';
import * as gates from './gates/gates.world.fixture';
import { SAFETY } from './scheduler.checkers.fixture';
import type { SchedulerState } from './scheduler.state';
import { everyAgentAnswers, play, settleAll, steps } from './scheduler.world.fixture';

const RUNS = propertyRounds(60);
const tight = schedulerDeciderWith({ tasksEndedMax: 4, agentsLostMax: 0, releasesPerCommandMax: 2, settleEventsMax: 5 });

/** How many events of an answer are taken each time, in turn; 0 stops a settling in its middle. */
const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 12 });

/** As a host that takes only the first events of each answer, evolves them, and asks again. */
function inParts(decider: SchedulerDecider, taken: readonly number[]): SchedulerDecider {
  let asked = 0;
  return {
    ...decider,
    settle: (state, context) => (decider.settle?.(state, context) ?? []).slice(0, taken[asked++ % taken.length]),
  };
}

/** The log as text, with ids by the order in which they occur: those of events that were not taken are given to nobody. */
function retold({ log }: DeciderRun<SchedulerState>): readonly string[] {
  const ids = new Map<string, string>();
  const renamed = (id: string): string => {
    if (!ids.has(id)) ids.set(id, `#${ids.size}`);
    return ids.get(id) as string;
  };
  return log.map((event) => canonicalJson(event).replaceAll(/\bid-\d+\b/g, renamed));
}

describe('answers of settle that are taken in parts (safety)', () => {
  it.each([
    ['default', schedulerDecider],
    ['tight', tight],
  ])('say the same, in the same order, as when they are taken whole, with %s limits', (_name, decider) => {
    fc.assert(
      fc.property(steps, sizes, (taken, parts) => {
        const [whole, cut] = [new DeciderRun(decider), new DeciderRun(inParts(decider, parts))];
        play(whole, taken);
        play(cut, taken);
        expect(retold(cut)).toEqual(retold(whole));
      }),
      RUNS,
    );
  });

  it('say the same of limits, claims and budgets, in whatever order, but for what was used by then', () => {
    const types = ({ log }: gates.World): readonly string[] => log.map(({ type, subject }) => `${type} ${subject}`).sort();
    fc.assert(
      fc.property(gates.steps, sizes, (taken, parts) => {
        const whole = gates.play(taken);
        const cut = gates.play(taken, { decider: inParts(schedulerDecider, parts) });
        expect(types(cut)).toEqual(types(whole));
      }),
      RUNS,
    );
  });

  it('leave nothing behind when other commands come in between', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.nat(4), { minLength: 1, maxLength: 12 }), (taken, parts) => {
        let decider = inParts(schedulerDecider, parts);
        const project = new DeciderRun<SchedulerState>({ ...schedulerDecider, settle: (...asked) => decider.settle?.(...asked) ?? [] });
        play(project, taken);
        expect(project.digest(project.replayed())).toBe(project.digest());
        decider = schedulerDecider;
        settleAll(project.restart());
        everyAgentAnswers(project);
        expect([...project.state.runs.values()].filter(({ status }) => status === 'running')).toEqual([]);
        for (const holds of Object.values(SAFETY)) holds(project.log);
      }),
      RUNS,
    );
  });
});

describe('a task of which the first events alone were taken', () => {
  function working(): DeciderRun<SchedulerState> {
    const run = new DeciderRun(withAssignments()).happened(registered('agent-1', { capacity: 2 }));
    run.decide(submitRun([task('a', { budget: { wallMs: 1000 } }), task('b')]));
    run.settle();
    return run;
  }
  const about = (events: readonly NewEvent[]): string[] => told(events).filter((line) => line.endsWith('run-1.a'));

  it.each([1, 2])('is ready again after a stop, when %i were', (taken) => {
    const run = working();
    run.decide(stopWork());
    const all = about([...run.answer(taken), ...run.restart().settle()]);
    expect(all).toEqual(['task.attempt-failed run-1.a', 'task.retry-scheduled run-1.a', 'task.requeued run-1.a']);
    expect(run.state.tasks.get('run-1.a')).toMatchObject({ status: 'ready', attemptsBefore: 1, between: undefined });
  });

  it.each([1, 2])('fails for its budget, when %i were', (taken) => {
    const run = working();
    run.at(run.nowMs + 1000);
    const all = about([...run.answer(taken), ...run.restart().settle()]);
    expect(all).toEqual(['budget.exhausted run-1.a', 'task.attempt-failed run-1.a', 'task.failed run-1.a']);
    expect(run.state.tasks.get('run-1.a')?.reason).toMatch(/^budget: The budget of task run-1.a is exhausted: 1000 of 1000 ms/);
  });

  it('may be cancelled meanwhile, and nothing more is said of it', () => {
    const run = working();
    run.decide(stopWork());
    run.answer(1);
    run.decide(cancelTask('a'));
    expect(about(run.settle())).toEqual([]);
  });
});
