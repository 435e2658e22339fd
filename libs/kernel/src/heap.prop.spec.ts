import * as fc from 'fast-check';
import { Heap, HeapWalk, noteIndex } from './heap';

interface Item {
  rank: number;
  heapIndex: number;
}

const emptyHeap = (): Heap<Item> => new Heap<Item>((a, b) => a.rank < b.rank, noteIndex);
const ranks = (items: Iterable<Item>): number[] => [...items].map(({ rank }) => rank).sort((a, b) => a - b);

type Step = { do: 'push'; rank: number } | { do: 'pop' } | { do: 'remove'; which: number } | { do: 'update'; which: number; rank: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('push' as const), rank: fc.nat(20) }),
  fc.record({ do: fc.constant('pop' as const) }),
  fc.record({ do: fc.constant('remove' as const), which: fc.nat() }),
  fc.record({ do: fc.constant('update' as const), which: fc.nat(), rank: fc.nat(20) }),
);

function applyStep(heap: Heap<Item>, items: Set<Item>, taken: Step): void {
  if (taken.do === 'push') {
    const item = { rank: taken.rank, heapIndex: -1 };
    items.add(item);
    heap.push(item);
    return;
  }
  if (taken.do === 'pop') {
    const least = heap.pop();
    expect(least?.rank).toBe(ranks(items)[0]);
    if (least) items.delete(least);
    return;
  }
  const item = [...items][taken.which % Math.max(1, items.size)];
  if (!item) return;
  if (taken.do === 'remove') {
    expect(heap.removeAt(item.heapIndex)).toBe(item);
    items.delete(item);
    return;
  }
  item.rank = taken.rank;
  heap.updateAt(item.heapIndex);
}

describe('a heap (safety)', () => {
  it('gives its items in order, knows where each is, and can be walked without being changed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const heap = emptyHeap();
        const items = new Set<Item>();
        for (const taken of steps) {
          applyStep(heap, items, taken);
          for (const item of items) expect(heap.at(item.heapIndex)).toBe(item);
        }
        const walked: number[] = [];
        const walk = new HeapWalk(heap);
        for (let item = walk.peek(); item; walk.next(), item = walk.peek()) walked.push(item.rank);
        expect(walked).toEqual(ranks(items));
        expect(heap.size).toBe(items.size);
      }),
      { numRuns: 200 },
    );
  });
});
