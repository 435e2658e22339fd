import type { Sha256 } from './chain';

/** The hash of a tree without leaves: SHA-256 of nothing. */
export const emptyRoot = (sha256: Sha256): string => sha256('');

const pair = new Uint8Array(65);
pair[0] = 0x01;

/** `sha256(0x01 ‖ left ‖ right)`, the node hash of RFC 6962 §2.1. All hashes are hex. */
export function nodeHash(left: string, right: string, sha256: Sha256): string {
  writeHex(pair, left, 1);
  writeHex(pair, right, 33);
  return sha256(pair);
}

const NIBBLE = new Uint8Array(128);
for (let i = 0; i < 16; i++) NIBBLE[i.toString(16).charCodeAt(0)] = i;

function writeHex(into: Uint8Array, hex: string, at: number): void {
  for (let i = 0; i < 32; i++)
    into[at + i] = ((NIBBLE[hex.charCodeAt(2 * i)] as number) << 4) | (NIBBLE[hex.charCodeAt(2 * i + 1)] as number);
}

/** The root over neighbouring perfect subtrees, from left to right, each smaller than the one before. */
export function foldNodes(hashes: readonly string[], sha256: Sha256): string {
  if (hashes.length === 0) return emptyRoot(sha256);
  return hashes.reduceRight((right, left) => nodeHash(left, right, sha256));
}

/**
 * The Merkle tree of RFC 6962 over all leaves so far, as small as it can be kept: the roots of its perfect subtrees, from
 * left to right. It can be carried on, and its root taken, at any time.
 */
export class Frontier {
  private constructor(
    private readonly sha256: Sha256,
    private readonly nodes: string[],
    private leaves: number,
  ) {}

  static empty(sha256: Sha256): Frontier {
    return new Frontier(sha256, [], 0);
  }

  /** @throws RangeError when these cannot be the subtrees of a tree of that size. */
  static decode(encoded: readonly string[], size: number, sha256: Sha256): Frontier {
    let expected = 0;
    for (let n = size; n > 0; n = Math.floor(n / 2)) expected += n % 2;
    if (!Number.isSafeInteger(size) || size < 0 || encoded.length !== expected || !encoded.every((hash) => /^[0-9a-f]{64}$/.test(hash)))
      throw new RangeError(`A tree of ${size} leaves has ${expected} subtrees, each a hash of 64 hex digits; got ${encoded.length}.`);
    return new Frontier(sha256, [...encoded], size);
  }

  /** Leaves so far. */
  get size(): number {
    return this.leaves;
  }

  /** @param completed is told every perfect subtree that this leaf completes, itself as level 0 included. */
  append(leaf: string, completed?: (level: number, hash: string) => void): void {
    let node = leaf;
    completed?.(0, node);
    for (let n = this.leaves, level = 1; n % 2 === 1; n = (n - 1) / 2, level++) {
      node = nodeHash(this.nodes.pop() as string, node, this.sha256);
      completed?.(level, node);
    }
    this.nodes.push(node);
    this.leaves++;
  }

  root(): string {
    return foldNodes(this.nodes, this.sha256);
  }

  encode(): string[] {
    return [...this.nodes];
  }
}
