/** Members up to which a set of its own is kept; beyond it a bit for every slot, which is combined 32 slots at a time. */
export const FEW_MAX = 512;

/** A set of slot numbers: a hash set of few, a bitmap of many. Asking costs the same however many there are. */
export class SlotSet {
  private few: Set<number> | undefined = new Set();
  private words: Uint32Array | undefined;
  size = 0;

  has(slot: number): boolean {
    if (this.few) return this.few.has(slot);
    return hasBit(this.words!, slot);
  }

  add(slot: number): void {
    if (this.has(slot)) return;
    this.size++;
    if (!this.few) this.set(slot);
    else if (this.few.add(slot).size > FEW_MAX) this.toWords();
  }

  delete(slot: number): void {
    if (!this.has(slot)) return;
    this.size--;
    if (this.few) this.few.delete(slot);
    else {
      this.words![slot >>> 5]! &= ~(1 << (slot & 31));
      if (this.size < FEW_MAX >> 2) this.toFew();
    }
  }

  members(): number[] {
    return this.few ? [...this.few] : membersOf(this.words!);
  }

  /** Takes out of `bits` what is not in here. */
  restrict(bits: Uint32Array): void {
    const { words } = this;
    if (!words) {
      const kept = this.members().filter((slot) => hasBit(bits, slot));
      bits.fill(0);
      for (const slot of kept) setBit(bits, slot);
      return;
    }
    for (let at = 0; at < bits.length; at++) bits[at]! &= words[at] ?? 0;
  }

  /** Puts into `bits` what is in here. */
  unite(bits: Uint32Array): void {
    const { words } = this;
    if (!words) for (const slot of this.few!) setBit(bits, slot);
    else for (let at = 0; at < words.length && at < bits.length; at++) bits[at]! |= words[at]!;
  }

  private set(slot: number): void {
    const words = this.words!;
    if (slot >>> 5 >= words.length) {
      this.words = new Uint32Array(Math.max((slot >>> 5) + 1, 2 * words.length));
      this.words.set(words);
    }
    setBit(this.words!, slot);
  }

  private toWords(): void {
    const members = this.members();
    this.few = undefined;
    this.words = new Uint32Array(1);
    for (const slot of members) this.set(slot);
  }

  private toFew(): void {
    this.few = new Set(membersOf(this.words!));
    this.words = undefined;
  }
}

export const bitsFor = (slots: number): Uint32Array => new Uint32Array((slots + 31) >>> 5);

export function hasBit(bits: Uint32Array, slot: number): boolean {
  const word = bits[slot >>> 5];
  return word !== undefined && (word & (1 << (slot & 31))) !== 0;
}

export function setBit(bits: Uint32Array, slot: number): void {
  bits[slot >>> 5]! |= 1 << (slot & 31);
}

export function clearBit(bits: Uint32Array, slot: number): void {
  bits[slot >>> 5]! &= ~(1 << (slot & 31));
}

/** How many bits are set; more than `max` are not told apart. */
export function countBits(bits: Uint32Array, max: number): number {
  let count = 0;
  for (let at = 0; at < bits.length && count <= max; at++) {
    let word = bits[at]!;
    word -= (word >>> 1) & 0x55555555;
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
    count += (((word + (word >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
  }
  return count;
}

export function membersOf(bits: Uint32Array): number[] {
  const members: number[] = [];
  for (let at = 0; at < bits.length; at++)
    for (let word = bits[at]!; word !== 0; word &= word - 1) members.push((at << 5) + 31 - Math.clz32(word & -word));
  return members;
}
