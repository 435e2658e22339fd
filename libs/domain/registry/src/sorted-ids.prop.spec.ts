import fc from 'fast-check';
import { SortedIds } from './sorted-ids';

const id = fc.string({ minLength: 1, maxLength: 3 });

describe('sorted ids', () => {
  it('are those that were added and not removed, in order, from any place on', () => {
    const step = fc.record({ add: fc.boolean(), id });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 2000, size: 'max' }), id, (steps, from) => {
        const ids = new SortedIds();
        const model = new Set<string>();
        for (const { add, id } of steps) {
          if (add) ids.add(id);
          else ids.remove(id);
          if (add) model.add(id);
          else model.delete(id);
        }
        const sorted = [...model].sort((a, b) => (a < b ? -1 : 1));
        expect([...ids.after()]).toEqual(sorted);
        expect([...ids.after(from)]).toEqual(sorted.filter((found) => found > from));
        expect(ids.size).toBe(model.size);
      }),
      { numRuns: 30 },
    );
  });
});
