/** Ids by a key, each once, in the order in which they were added. */
export class SetsByKey {
  private readonly sets = new Map<string, Set<string>>();

  get isEmpty(): boolean {
    return this.sets.size === 0;
  }

  get(key: string): readonly string[] {
    return [...(this.sets.get(key) ?? [])];
  }

  add(key: string, id: string): void {
    const ids = this.sets.get(key);
    if (ids) ids.add(id);
    else this.sets.set(key, new Set([id]));
  }

  remove(key: string, id: string): void {
    const ids = this.sets.get(key);
    ids?.delete(id);
    if (ids?.size === 0) this.sets.delete(key);
  }
}
