/**
 * The keys that were set last, and their values, up to a total weight; of more, the oldest are forgotten. At O(1) each: the order of
 * age is kept beside the map, since finding a map's first key means going through all that were deleted before it.
 */
export class RecentMap<Key, Value> {
  private readonly byKey = new Map<Key, Value>();
  /** By age, from `oldest` on. A key that was set again is in it twice, the first time with a value that it has no more. */
  private keys: (Key | undefined)[] = [];
  private values: (Value | undefined)[] = [];
  private oldest = 0;
  /** How many keys are in it twice. */
  private setAgain = 0;
  private total = 0;

  constructor(
    private readonly weightMax: number,
    private readonly weightOf: (key: Key, value: Value) => number,
  ) {}

  /** Of everything in it. */
  get weight(): number {
    return this.total;
  }

  get size(): number {
    return this.byKey.size;
  }

  get(key: Key): Value | undefined {
    return this.byKey.get(key);
  }

  /** A key that is known becomes the newest. */
  set(key: Key, value: Value): void {
    const before = this.byKey.get(key);
    if (before !== undefined) {
      this.delete(key, before);
      this.setAgain++;
    }
    this.byKey.set(key, value);
    this.keys.push(key);
    this.values.push(value);
    this.total += this.weightOf(key, value);
    while (this.total > this.weightMax) this.forgetOldest();
  }

  /** Forgets from the oldest on, up to the first that `isToBeForgotten` is not true of. */
  forgetWhile(isToBeForgotten: (value: Value) => boolean): void {
    while (this.oldest < this.keys.length && isToBeForgotten(this.values[this.oldest] as Value)) this.forgetOldest();
  }

  /** The oldest first. */
  entries(): Iterable<readonly [Key, Value]> {
    return this.byKey.entries();
  }

  private forgetOldest(): void {
    const key = this.keys[this.oldest] as Key;
    const value = this.values[this.oldest] as Value;
    this.keys[this.oldest] = undefined;
    this.values[this.oldest] = undefined;
    this.oldest++;
    if (this.setAgain === 0 || this.byKey.get(key) === value) this.delete(key, value);
    else this.setAgain--;
    if (this.oldest * 2 < this.keys.length || this.oldest < 64) return;
    this.keys = this.keys.slice(this.oldest);
    this.values = this.values.slice(this.oldest);
    this.oldest = 0;
  }

  private delete(key: Key, value: Value): void {
    this.byKey.delete(key);
    this.total -= this.weightOf(key, value);
  }
}
