/**
 * A binary heap: `push` and `pop` in O(log n), `peek` in O(1). `before(a, b)` says that `a` comes out first; make it a
 * total order, or equal entries come out in no particular one.
 */
export class MinHeap<T> {
  private entries: T[] = [];

  constructor(
    private readonly before: (a: T, b: T) => boolean,
    entries: Iterable<T> = [],
  ) {
    for (const entry of entries) this.push(entry);
  }

  get size(): number {
    return this.entries.length;
  }

  peek(): T | undefined {
    return this.entries[0];
  }

  push(entry: T): void {
    const { entries, before } = this;
    let at = entries.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, entries[parent]!)) break;
      entries[at] = entries[parent]!;
      at = parent;
    }
    entries[at] = entry;
  }

  pop(): T | undefined {
    const first = this.entries[0];
    const last = this.entries.pop();
    if (last !== undefined && this.entries.length > 0) this.sink(last);
    return first;
  }

  private sink(entry: T): void {
    const { entries, before } = this;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= entries.length) break;
      if (child + 1 < entries.length && before(entries[child + 1]!, entries[child]!)) child++;
      if (!before(entries[child]!, entry)) break;
      entries[at] = entries[child]!;
      at = child;
    }
    entries[at] = entry;
  }
}
