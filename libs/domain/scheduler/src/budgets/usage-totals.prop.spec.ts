import fc from 'fast-check';
import { noTotal, UsageTotals } from './usage-totals';

const NAMES = 40;
const uses = fc.array(fc.record({ name: fc.nat({ max: NAMES }), restart: fc.boolean() }), { maxLength: 200 });

function restarted(totals: UsageTotals, namesMax: number): UsageTotals {
  const restored = new UsageTotals(namesMax);
  restored.restore(totals.encode());
  return restored;
}

describe('totals by name (safety)', () => {
  it('lose no use, keep a limited number of names and the last of them, and are the same after restarts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 24 }), uses, (namesMax, all) => {
        const live = new UsageTotals(namesMax);
        let restoredOften = new UsageTotals(namesMax);
        for (const { name, restart } of all) {
          if (restart) restoredOften = restarted(restoredOften, namesMax);
          for (const totals of [live, restoredOften]) totals.add({ task: `t-${name}` }, { ...noTotal(), input: 1, attempts: 1 });
          expect(live.of('task').size).toBeLessThanOrEqual(namesMax); // All others included.
        }
        expect(restoredOften.encode()).toEqual(live.encode());
        const sum = [...live.of('task').values()].reduce((sum, { attempts }) => sum + attempts, 0);
        expect(sum).toBe(all.length);
        const last = all.at(-1);
        if (last && namesMax > 1) expect([...live.of('task').keys()]).toContain(`t-${last.name}`);
      }),
      { numRuns: 300 },
    );
  });
});
