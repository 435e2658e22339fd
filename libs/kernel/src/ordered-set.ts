import { Heap, inOrder } from './heap';

/**
 * A set that is gone through in order: an item comes and goes in O(log n), and the first k are found with O(k log k) comparisons,
 * however many there are. Nothing is sorted, and nothing copied, for whoever wants a few. Its order says nothing of how it came about.
 */
export class OrderedSet<Item> implements Iterable<Item> {
  private readonly places = new Map<Item, number>();
  private readonly heap: Heap<Item>;

  /** `before` is a total order, which does not change for an item while it is in the set. */
  constructor(before: (a: Item, b: Item) => boolean) {
    this.heap = new Heap(before, (item, index) => {
      if (index < 0) this.places.delete(item);
      else this.places.set(item, index);
    });
  }

  get size(): number {
    return this.heap.size;
  }

  has(item: Item): boolean {
    return this.places.has(item);
  }

  add(item: Item): void {
    if (!this.places.has(item)) this.heap.push(item);
  }

  delete(item: Item): boolean {
    const place = this.places.get(item);
    if (place === undefined) return false;
    this.heap.removeAt(place);
    return true;
  }

  first(): Item | undefined {
    return this.heap.peek();
  }

  /** In order. The set must not change meanwhile. */
  [Symbol.iterator](): Iterator<Item> {
    return inOrder(this.heap)[Symbol.iterator]();
  }
}

export const orderedBySeq = <Item extends { readonly seq: number }>(): OrderedSet<Item> => new OrderedSet((a, b) => a.seq < b.seq);
export const orderedIds = (): OrderedSet<string> => new OrderedSet((a, b) => a < b);
