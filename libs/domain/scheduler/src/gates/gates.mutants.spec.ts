import * as fc from 'fast-check';
import { budgetGate, budgetsTopic } from '../budgets/budgets.exports';
import { claimGate } from '../claims/claims.exports';
import { quotaGate } from '../limits/limits.exports';
import type { Gate } from './gate';
import { GATE_SAFETY, goesOnWithout, retold } from './gates.checkers.fixture';
import { play, type Step, steps, type World } from './gates.world.fixture';
import { gates } from './gates.exports';

const nothing = (): undefined => undefined;
const OPEN: Gate = { gateKey: () => '', round: () => ({ hold: nothing, holdAt: nothing, take: nothing }) };

/** Asks as before, and forgets within a round what the round has given away. */
const forgetful = (gate: Gate): Gate => ({
  ...gate,
  round: (state, nowMs) => {
    const round = gate.round(state, nowMs);
    return { hold: (task) => round.hold(task), holdAt: (task, agent) => round.holdAt(task, agent), take: nothing };
  },
});

function withMutant(original: Gate, mutant: Gate, test: () => void): void {
  const all = gates() as Gate[];
  const place = all.indexOf(original);
  all[place] = mutant;
  try {
    test();
  } finally {
    all[place] = original;
  }
}

const isFound = (holds: (taken: readonly Step[]) => void): boolean =>
  fc.check(fc.property(steps, holds), { numRuns: 2000, endOnFailure: true }).failed;

describe('a checker', () => {
  it.each<[string, string, Gate, Gate]>([
    ['noLimitOfConcurrencyIsExceeded', 'no limits', quotaGate, OPEN],
    ['noLimitOfConcurrencyIsExceeded', 'limits that forget', quotaGate, forgetful(quotaGate)],
    ['noRateIsExceeded', 'no limits', quotaGate, OPEN],
    ['noRateIsExceeded', 'limits that forget', quotaGate, forgetful(quotaGate)],
    ['noOverlappingClaimsAreHeldByTwo', 'no claims', claimGate, OPEN],
    ['noOverlappingClaimsAreHeldByTwo', 'claims that forget', claimGate, forgetful(claimGate)],
    ['noEstimateIsBegunThatABudgetDoesNotCover', 'no budgets', budgetGate, OPEN],
    ['noEstimateIsBegunThatABudgetDoesNotCover', 'budgets that forget', budgetGate, forgetful(budgetGate)],
  ])('named %s finds %s', (name, _mutation, original, mutant) => {
    withMutant(original, mutant, () => {
      expect(isFound((taken) => GATE_SAFETY[name]?.(play(taken).log))).toBe(true);
    });
  });

  it('finds attempts that go on without a budget when nobody stops them', () => {
    const topic = budgetsTopic as { conclusions?: unknown };
    const original = topic.conclusions;
    topic.conclusions = [];
    try {
      const after = (world: World) => expect(goesOnWithout(retold(world))).toEqual([]);
      expect(isFound((taken) => void play(taken, { after }))).toBe(true);
    } finally {
      topic.conclusions = original;
    }
  });
});
