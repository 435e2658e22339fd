/** Slots that one chunk holds before it is split. */
const CHUNK_MAX = 512;

/** Slots in an order of their own: `add` and `remove` move at most one chunk, reading starts anywhere. */
export class SlotOrder {
  private readonly chunks: number[][] = [];

  /** @param before a total order; what it says about a slot must not change while the slot is in here. */
  constructor(private readonly before: (a: number, b: number) => boolean) {}

  /** Takes in many at once, where there are none yet: they are sorted, and those that are already in order only compared. */
  fill(slots: Iterable<number>): void {
    const sorted = [...slots].sort((a, b) => (this.before(a, b) ? -1 : 1));
    for (let at = 0; at < sorted.length; at += CHUNK_MAX >> 1) this.chunks.push(sorted.slice(at, at + (CHUNK_MAX >> 1)));
  }

  add(slot: number): void {
    if (this.chunks.length === 0) {
      this.chunks.push([slot]);
      return;
    }
    const last = this.chunks.at(-1)!;
    if (last.length < CHUNK_MAX && this.before(last.at(-1)!, slot)) {
      last.push(slot); // As when agents come in order.
      return;
    }
    const isBefore = (other: number): boolean => this.before(other, slot);
    const c = Math.min(this.chunkFor(isBefore), this.chunks.length - 1);
    const chunk = this.chunks[c]!;
    chunk.splice(placeIn(chunk, isBefore), 0, slot);
    if (chunk.length > CHUNK_MAX) this.chunks.splice(c + 1, 0, chunk.splice(CHUNK_MAX >> 1));
  }

  remove(slot: number): void {
    const isBefore = (other: number): boolean => this.before(other, slot);
    const c = this.chunkFor(isBefore);
    const chunk = this.chunks[c];
    const at = chunk ? placeIn(chunk, isBefore) : 0;
    if (!chunk || chunk[at] !== slot) return;
    chunk.splice(at, 1);
    if (chunk.length === 0) this.chunks.splice(c, 1);
  }

  /**
   * Reads in order, from the first slot on that `isBefore` does not hold for.
   *
   * @param visit says whether to go on.
   */
  read(visit: (slot: number) => boolean, isBefore: (slot: number) => boolean = () => false): void {
    let c = this.chunkFor(isBefore);
    let at = placeIn(this.chunks[c] ?? [], isBefore);
    for (; c < this.chunks.length; c++, at = 0) {
      const chunk = this.chunks[c]!;
      for (; at < chunk.length; at++) if (!visit(chunk[at]!)) return;
    }
  }

  /** How many slots `isBefore` holds for; they come first. */
  rank(isBefore: (slot: number) => boolean): number {
    const c = this.chunkFor(isBefore);
    let rank = placeIn(this.chunks[c] ?? [], isBefore);
    for (let i = 0; i < c; i++) rank += this.chunks[i]!.length;
    return rank;
  }

  /** Reads the slots from place `from` to before place `to`. */
  readBetween(from: number, to: number, visit: (slot: number) => void): void {
    let first = 0;
    for (const chunk of this.chunks) {
      const end = Math.min(to - first, chunk.length);
      for (let at = Math.max(0, from - first); at < end; at++) visit(chunk[at]!);
      first += chunk.length;
      if (first >= to) return;
    }
  }

  /** The first chunk whose last slot is not before; the number of chunks if there is none. */
  private chunkFor(isBefore: (slot: number) => boolean): number {
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(this.chunks[middle]!.at(-1)!)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function placeIn(chunk: readonly number[], isBefore: (slot: number) => boolean): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(chunk[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
