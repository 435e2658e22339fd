import { DeciderRun, propertyRounds } from '@torch/testing';
import * as fc from 'fast-check';
import { schedulerDeciderWith } from '../decider';
import { completeTask, registered, submitRun, task, withAssignments } from '../decider.fixture';
import { keyOf } from './order.fixture';

interface Flood {
  readonly weight: number;
  readonly tasks: number;
}

const flood = fc.record({ weight: fc.constantFrom(0.25, 0.5, 1, 2, 3, 7), tasks: fc.integer({ min: 1, max: 12 }) });
const RUNS = propertyRounds(40);

/** Fairness keys `k0`, `k1` …, each with its weight, all of whose tasks wait; tasks are named `<key>-<n>`. */
function flooded(floods: readonly Flood[], priority = 5, decider = schedulerDeciderWith({})) {
  const run = new DeciderRun(withAssignments(decider));
  floods.forEach(({ weight, tasks }, k) => {
    run.decide({ type: 'SetLimit', data: { scope: 'key', name: `k${k}`, weight } });
    const specs = Array.from({ length: tasks }, (_, i) => task(`k${k}-${i}`, { fairnessKey: `k${k}`, priority }));
    run.decide(submitRun(specs, { runId: `run-k${k}` }));
  });
  return run;
}

/** One agent does one task at a time: the keys in the order in which they are served. */
function served(run: ReturnType<typeof flooded>, turnsMax: number, eachTurn: (turn: number) => void = () => undefined): string[] {
  run.happened(registered('agent-1'));
  const keys: string[] = [];
  for (let turn = 0; turn < turnsMax; turn++) {
    eachTurn(turn);
    const [assigned] = run.settle().filter(({ type }) => type === 'task.assigned');
    if (!assigned) return keys;
    const { taskId } = assigned.data as { taskId: string };
    keys.push(keyOf(taskId));
    run.decide(completeTask(keyOf(taskId)));
  }
  return keys;
}

describe('fairness (liveness)', () => {
  it('lets at most ⌈weight of the other / own⌉ + 1 tasks of each other key go between two of a key that waits', () => {
    fc.assert(
      fc.property(fc.array(flood, { minLength: 2, maxLength: 5 }), (floods) => {
        const order = served(flooded(floods), Infinity).map((key) => Number(key.slice(1, key.indexOf('-'))));
        floods.forEach(({ weight, tasks }, k) => {
          let left = tasks;
          let since = new Map<number, number>();
          for (const other of order) {
            if (left === 0) break;
            if (other === k) {
              left--;
              since = new Map();
              continue;
            }
            since.set(other, (since.get(other) ?? 0) + 1);
            expect(since.get(other)).toBeLessThanOrEqual(Math.ceil((floods[other]?.weight ?? 0) / weight) + 1);
          }
        });
      }),
      RUNS,
    );
  });

  it('keeps the shares of keys that wait together within one task of each of their weights', () => {
    fc.assert(
      fc.property(fc.array(flood, { minLength: 2, maxLength: 4 }), fc.integer({ min: 1, max: 40 }), (floods, turns) => {
        const many = floods.map((one) => ({ ...one, tasks: 60 }));
        const order = served(flooded(many), turns).map((key) => Number(key.slice(1, key.indexOf('-'))));
        const shares = many.map(({ weight }, k) => ({ weight, share: order.filter((other) => other === k).length / weight }));
        for (const a of shares) {
          for (const b of shares) expect(Math.abs(a.share - b.share)).toBeLessThanOrEqual(1 / a.weight + 1 / b.weight + 1e-9);
        }
      }),
      RUNS,
    );
  });
});

describe('ageing (liveness)', () => {
  const AGE_STEP_MS = 1000;
  const aged = schedulerDeciderWith({ ageStepMs: AGE_STEP_MS });

  /** A key's urgent work keeps coming, one task a turn, and a task of low priority waits. How many turns until it is served? */
  function turnsOf({ priority, turnMs, decider }: { priority: number; turnMs: number; decider: typeof aged }): number {
    const run = flooded([{ weight: 1, tasks: 1 }], priority, decider);
    const limit = 200;
    const order = served(run, limit, (turn) => {
      run.at(run.nowMs + turnMs);
      run.decide(submitRun([task(`urgent-${turn}`, { priority: 0, fairnessKey: 'urgent' })], { runId: `run-urgent-${turn}` }));
    });
    const at = order.indexOf('k0-0');
    return at < 0 ? limit : at;
  }

  it('brings a task to the front within one step for each priority, however much urgent work keeps coming', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 100, max: 1500 }), (priority, turnMs) => {
        const turnsToLevelZero = Math.ceil((priority * AGE_STEP_MS) / turnMs);
        expect(turnsOf({ priority, turnMs, decider: aged })).toBeLessThanOrEqual(turnsToLevelZero + 1);
      }),
      RUNS,
    );
  });

  it('is what does it: without it the task starves', () => {
    expect(turnsOf({ priority: 9, turnMs: 1000, decider: schedulerDeciderWith({ ageStepMs: 1e12 }) })).toBe(200);
  });
});
