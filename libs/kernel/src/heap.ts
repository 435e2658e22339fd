import { MinHeap } from './min-heap';

/**
 * A binary heap that tells its items where they are (`moved`), so that any of them can be taken out or re-ordered in
 * O(log n). `moved` is called with -1 for an item that leaves.
 */
export class Heap<T> {
  private readonly items: T[] = [];

  constructor(
    readonly before: (a: T, b: T) => boolean,
    private readonly moved: (item: T, index: number) => void = () => undefined,
  ) {}

  get size(): number {
    return this.items.length;
  }

  at(index: number): T | undefined {
    return this.items[index];
  }

  peek(): T | undefined {
    return this.items[0];
  }

  push(item: T): void {
    this.items.push(item);
    this.rise(this.items.length - 1, item);
  }

  pop(): T | undefined {
    return this.items.length === 0 ? undefined : this.removeAt(0);
  }

  removeAt(index: number): T {
    const removed = this.items[index] as T;
    const last = this.items.pop() as T;
    this.moved(removed, -1);
    if (index < this.items.length) this.settleAt(index, last);
    return removed;
  }

  /** To be called when the item's rank has changed. */
  updateAt(index: number): void {
    this.settleAt(index, this.items[index] as T);
  }

  private settleAt(index: number, item: T): void {
    const parent = this.items[(index - 1) >> 1];
    if (index > 0 && this.before(item, parent as T)) this.rise(index, item);
    else this.sink(index, item);
  }

  private rise(from: number, item: T): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.items[parentIndex] as T;
      if (!this.before(item, parent)) break;
      this.place(index, parent);
      index = parentIndex;
    }
    this.place(index, item);
  }

  private sink(from: number, item: T): void {
    const { items } = this;
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= items.length) break;
      if (childIndex + 1 < items.length && this.before(items[childIndex + 1] as T, items[childIndex] as T)) childIndex++;
      const child = items[childIndex] as T;
      if (!this.before(child, item)) break;
      this.place(index, child);
      index = childIndex;
    }
    this.place(index, item);
  }

  private place(index: number, item: T): void {
    this.items[index] = item;
    this.moved(item, index);
  }
}

/** For items that are in one heap at a time, and keep their place in it: -1 while in none. */
export function noteIndex(item: { heapIndex: number }, index: number): void {
  item.heapIndex = index;
}

/** Goes through a heap in order without changing it: to the first k items in O(k log k), however many there are. */
export class HeapWalk<T> {
  /** Places of the items that may be next. */
  private readonly frontier: MinHeap<number>;

  constructor(private readonly heap: Heap<T>) {
    this.frontier = new MinHeap((a, b) => heap.before(heap.at(a) as T, heap.at(b) as T));
    if (heap.size > 0) this.frontier.push(0);
  }

  peek(): T | undefined {
    const index = this.frontier.peek();
    return index === undefined ? undefined : this.heap.at(index);
  }

  next(): void {
    const index = this.frontier.pop();
    if (index === undefined) return;
    const { size } = this.heap;
    if (2 * index + 1 < size) this.frontier.push(2 * index + 1);
    if (2 * index + 2 < size) this.frontier.push(2 * index + 2);
  }
}

/** A heap's items in order. It must not change meanwhile. */
export function* inOrder<T>(heap: Heap<T>): Iterable<T> {
  const walk = new HeapWalk(heap);
  for (let item = walk.peek(); item !== undefined; walk.next(), item = walk.peek()) yield item;
}
