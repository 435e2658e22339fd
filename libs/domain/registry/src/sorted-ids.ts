/** Ids that one chunk holds before it is split. */
const CHUNK_MAX = 512;

/** A set of ids in order of their UTF-16 code units: `add` and `remove` move at most one chunk, `after` starts anywhere. */
export class SortedIds {
  private readonly chunks: string[][] = [];
  private count = 0;

  get size(): number {
    return this.count;
  }

  add(id: string): void {
    if (this.chunks.length === 0) this.chunks.push([]);
    const c = this.chunkFor(id);
    const chunk = this.chunks[c]!;
    const at = lowerBound(chunk, id);
    if (chunk[at] === id) return;
    chunk.splice(at, 0, id);
    this.count++;
    if (chunk.length > CHUNK_MAX) this.chunks.splice(c + 1, 0, chunk.splice(CHUNK_MAX >> 1));
  }

  remove(id: string): void {
    const c = this.chunkFor(id);
    const chunk = this.chunks[c];
    if (!chunk) return;
    const at = lowerBound(chunk, id);
    if (chunk[at] !== id) return;
    chunk.splice(at, 1);
    this.count--;
    if (chunk.length === 0) this.chunks.splice(c, 1);
  }

  /** The ids behind `id`, in order; all of them without one. */
  *after(id?: string): Generator<string> {
    let c = id === undefined ? 0 : this.chunkFor(id);
    let at = 0;
    if (id !== undefined) {
      const chunk = this.chunks[c] ?? [];
      at = lowerBound(chunk, id);
      if (chunk[at] === id) at++;
    }
    for (; c < this.chunks.length; c++, at = 0) {
      const chunk = this.chunks[c]!;
      for (; at < chunk.length; at++) yield chunk[at]!;
    }
  }

  /** The last chunk that does not begin behind `id`; the first one if all do. */
  private chunkFor(id: string): number {
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.chunks[middle]![0]! <= id) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** The first place in `ids` that does not come before `id`. */
function lowerBound(ids: readonly string[], id: string): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ids[middle]! < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
