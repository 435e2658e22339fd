import { GiveWay } from '../give-way';

/** Bits for each value: about one in a hundred values that are not in the set seems to be. */
const BITS_PER_VALUE = 10;
const PROBES = 7;
/** Values that are added in one go. */
const STRETCH_VALUES = 10_000;

/** A set that may say yes to what it does not hold, and never no to what it does (Bloom 1970, with two hashes for all probes). */
export class BloomFilter {
  private constructor(private readonly bits: Uint8Array) {}

  /** After some ten thousand values each, others of this process have their turn. */
  static async of(values: ReadonlySet<string>): Promise<BloomFilter> {
    const bloom = new BloomFilter(new Uint8Array(Math.max(1, Math.ceil((values.size * BITS_PER_VALUE) / 8))));
    const giveWay = new GiveWay(STRETCH_VALUES);
    for (const value of values) {
      bloom.probe(value, (byte, bit) => ((bloom.bits[byte] as number) |= bit) !== 0);
      await giveWay.after(1);
    }
    return bloom;
  }

  static decode(base64: string): BloomFilter {
    return new BloomFilter(Buffer.from(base64, 'base64'));
  }

  encode(): string {
    return Buffer.from(this.bits).toString('base64');
  }

  mayHold(value: string): boolean {
    return this.probe(value, (byte, bit) => ((this.bits[byte] as number) & bit) !== 0);
  }

  private probe(value: string, look: (byte: number, bit: number) => boolean): boolean {
    const size = this.bits.length * 8;
    const step = (hashOf(value, 0x9747b28c) % (size - 1 || 1)) + 1;
    for (let i = 0, at = hashOf(value, 0x811c9dc5) % size; i < PROBES; i++, at = (at + step) % size) {
      if (!look(at >> 3, 1 << (at & 7))) return false;
    }
    return true;
  }
}

/** FNV-1a over UTF-16 units from a start of its own, mixed once more so that near values lie far apart. */
function hashOf(value: string, start: number): number {
  let hash = start;
  for (let i = 0; i < value.length; i++) hash = Math.imul(hash ^ value.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
