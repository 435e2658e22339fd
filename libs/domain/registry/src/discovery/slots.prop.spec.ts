import fc from 'fast-check';
import { SlotOrder } from './slot-order';
import { bitsFor, countBits, FEW_MAX, membersOf, SlotSet } from './slot-set';

const SLOTS = 3000;
const slot = fc.nat(SLOTS - 1);
const steps = fc.array(fc.record({ add: fc.boolean(), from: slot, count: fc.integer({ min: 1, max: 2 * FEW_MAX }) }), { maxLength: 12 });

function played(given: readonly { add: boolean; from: number; count: number }[]) {
  const [set, model] = [new SlotSet(), new Set<number>()];
  for (const { add, from, count } of given) {
    for (let slot = from; slot < Math.min(SLOTS, from + count); slot++) {
      if (add) set.add(slot);
      else set.delete(slot);
      if (add) model.add(slot);
      else model.delete(slot);
    }
  }
  return { set, model };
}

const ascending = (slots: Iterable<number>): number[] => [...slots].sort((a, b) => a - b);

describe('a set of slots', () => {
  it('holds what was added and not taken out, few or many', () => {
    fc.assert(
      fc.property(steps, slot, (given, asked) => {
        const { set, model } = played(given);
        expect(ascending(set.members())).toEqual(ascending(model));
        expect(set.size).toBe(model.size);
        expect(set.has(asked)).toBe(model.has(asked));
      }),
    );
  });

  it('restricts and unites bits as sets do, whichever of the two forms they have', () => {
    fc.assert(
      fc.property(steps, steps, (left, right) => {
        const [a, b] = [played(left), played(right)];
        const both = bitsFor(SLOTS);
        a.set.unite(both);
        b.set.restrict(both);
        expect(membersOf(both)).toEqual(ascending([...a.model].filter((slot) => b.model.has(slot))));
        expect(countBits(both, SLOTS)).toBe(membersOf(both).length);
        const either = bitsFor(SLOTS);
        a.set.unite(either);
        b.set.unite(either);
        expect(membersOf(either)).toEqual(ascending(new Set([...a.model, ...b.model])));
      }),
    );
  });
});

describe('an order of slots', () => {
  it('has those that it began with or that were added, and were not removed, from any place on', () => {
    const step = fc.record({ add: fc.boolean(), slot });
    fc.assert(
      fc.property(
        fc.uniqueArray(slot, { maxLength: 2000, size: 'max' }),
        fc.array(step, { maxLength: 3000, size: 'max' }),
        slot,
        (first, given, from) => {
          const weigh = (slot: number): number => (slot * 7919) % SLOTS;
          const order = new SlotOrder((a, b) => weigh(a) < weigh(b) || (weigh(a) === weigh(b) && a < b));
          const model = new Set<number>(first);
          order.fill(first);
          for (const { add, slot } of given) {
            if (add && !model.has(slot)) order.add(slot);
            if (!add) order.remove(slot);
            if (add) model.add(slot);
            else model.delete(slot);
          }
          const sorted = [...model].sort((a, b) => weigh(a) - weigh(b) || a - b);
          const read = (isBefore?: (slot: number) => boolean): number[] => {
            const slots: number[] = [];
            order.read((slot) => slots.push(slot) > 0, isBefore);
            return slots;
          };
          const isBefore = (slot: number): boolean => weigh(slot) < weigh(from);
          expect(read()).toEqual(sorted);
          expect(read(isBefore)).toEqual(sorted.filter((slot) => !isBefore(slot)));
          const rank = order.rank(isBefore);
          expect(rank).toBe(sorted.filter(isBefore).length);
          const between: number[] = [];
          order.readBetween(rank, rank + 700, (slot) => between.push(slot));
          expect(between).toEqual(sorted.slice(rank, rank + 700));
        },
      ),
      { numRuns: 30 },
    );
  });
});
