/**
 * The last `max` keys that were set for the first time, and their values; of more, the oldest is forgotten. At O(1) each: the keys'
 * order is kept beside the map, since finding a map's first key means going through all that were deleted before it.
 */
export class RecentMap<Key, Value> {
  private readonly byKey = new Map<Key, Value>();
  private readonly keys: Key[] = [];
  /** Place of the oldest among `keys`, once there are `max` of them. */
  private oldest = 0;

  constructor(private readonly max: number) {}

  get(key: Key): Value | undefined {
    return this.byKey.get(key);
  }

  /** A key that is known keeps its age. */
  set(key: Key, value: Value): void {
    if (this.max === 0) return;
    if (!this.byKey.has(key)) this.remember(key);
    this.byKey.set(key, value);
  }

  /** The oldest first. */
  values(): Iterable<Value> {
    return this.byKey.values();
  }

  private remember(key: Key): void {
    if (this.keys.length < this.max) {
      this.keys.push(key);
      return;
    }
    this.byKey.delete(this.keys[this.oldest] as Key);
    this.keys[this.oldest] = key;
    this.oldest = (this.oldest + 1) % this.max;
  }
}
