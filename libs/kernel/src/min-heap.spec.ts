import fc from 'fast-check';
import { MinHeap } from './min-heap';

const numbers = (entries: Iterable<number> = []) => new MinHeap<number>((a, b) => a < b, entries);

describe('a heap', () => {
  it('hands its entries out in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (entries) => {
        const heap = numbers(entries);
        const out: number[] = [];
        while (heap.size > 0) {
          const next = heap.peek();
          out.push(heap.pop() as number);
          expect(out.at(-1)).toBe(next);
        }
        expect(out).toEqual([...entries].sort((a, b) => a - b));
        expect(heap.pop()).toBeUndefined();
      }),
    );
  });
});
