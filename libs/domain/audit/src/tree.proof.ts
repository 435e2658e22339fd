import type { Sha256 } from './chain';
import { emptyRoot, foldNodes, nodeHash } from './tree';

/** A perfect subtree: that of the `2^level` leaves from `index · 2^level` on. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

/** Leaves from `from` up to and without `to`. */
export interface LeafRange {
  readonly from: number;
  readonly to: number;
}

/** Finds the hash of a perfect subtree that lies within the tree. */
export type NodeHashes = (node: TreeNode) => string;

/**
 * The subtrees whose roots make up the inclusion proof of leaf `index` in a tree of `size` leaves, from the leaf's
 * neighbour up. PATH of RFC 6962 §2.1.1.
 *
 * @throws RangeError when there is no such leaf.
 */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size)
    throw new RangeError(`A tree of ${size} leaves has no leaf ${index}.`);
  const ranges: LeafRange[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + largestPowerBelow(to - from);
    if (index < middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
    }
  }
  return ranges.reverse();
}

/**
 * The subtrees whose roots make up the proof that the tree of `size` leaves carries that of `earlier` leaves on. PROOF of
 * RFC 6962 §2.1.2; none when the two are the same, or the earlier is empty.
 *
 * @throws RangeError when the earlier tree is the larger one.
 */
export function consistencyRanges(earlier: number, size: number): LeafRange[] {
  if (!Number.isSafeInteger(earlier) || !Number.isSafeInteger(size) || earlier < 0 || earlier > size)
    throw new RangeError(`A tree of ${size} leaves cannot carry one of ${earlier} leaves on.`);
  if (earlier === 0 || earlier === size) return [];
  const ranges: LeafRange[] = [];
  let from = 0;
  let to = size;
  // As long as the earlier tree is a subtree of its own at the left edge, its root is known to whoever checks.
  while (earlier !== to) {
    const middle = from + largestPowerBelow(to - from);
    if (earlier <= middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
    }
  }
  if (from > 0) ranges.push({ from, to });
  return ranges.reverse();
}

/** The perfect subtrees that a range of a proof consists of, from left to right: its hash is `foldNodes` over theirs. */
export function nodesOf({ from, to }: LeafRange): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let at = from; at < to;) {
    let level = 0;
    for (let span = 2; at % span === 0 && at + span <= to; span *= 2) level++;
    nodes.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return nodes;
}

/** The hashes of a proof, from those of its perfect subtrees. */
export const proofOf = (ranges: readonly LeafRange[], hashes: NodeHashes, sha256: Sha256): string[] =>
  ranges.map((range) => foldNodes(nodesOf(range).map(hashes), sha256));

/** True when `proof` shows that `leaf` is the one at `index` in the tree of `size` leaves with that `root`. RFC 9162 §2.1.3.2. */
export function verifyInclusion(
  { leaf, index, size, root, proof }: { leaf: string; index: number; size: number; root: string; proof: readonly string[] },
  sha256: Sha256,
): boolean {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  if (![leaf, root, ...proof].every(isHash)) return false;
  let fn = index;
  let sn = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash, sha256);
      for (; fn % 2 === 0 && fn !== 0; fn /= 2) sn = Math.floor(sn / 2);
    } else hash = nodeHash(hash, sibling, sha256);
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && hash === root;
}

/** One tree, by its size and root. */
export interface TreeHead {
  readonly size: number;
  readonly root: string;
}

/** True when `proof` shows that `later` has all leaves of `earlier`, in the same order, before its others. RFC 9162 §2.1.4.2. */
export function verifyConsistency(
  { earlier, later, proof }: { earlier: TreeHead; later: TreeHead; proof: readonly string[] },
  sha256: Sha256,
): boolean {
  if (![earlier.size, later.size].every((size) => Number.isSafeInteger(size) && size >= 0) || earlier.size > later.size) return false;
  if (![earlier.root, later.root, ...proof].every(isHash)) return false;
  if (earlier.size === later.size) return proof.length === 0 && earlier.root === later.root;
  if (earlier.size === 0) return proof.length === 0 && earlier.root === emptyRoot(sha256);
  const path = isPowerOfTwo(earlier.size) ? [earlier.root, ...proof] : proof;
  const [first, ...rest] = path;
  if (first === undefined || proof.length === 0) return false;
  let fn = earlier.size - 1;
  let sn = later.size - 1;
  for (; fn % 2 === 1; fn = (fn - 1) / 2) sn = Math.floor(sn / 2);
  let before = first;
  let after = first;
  for (const hash of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      before = nodeHash(hash, before, sha256);
      after = nodeHash(hash, after, sha256);
      for (; fn % 2 === 0 && fn !== 0; fn /= 2) sn = Math.floor(sn / 2);
    } else after = nodeHash(after, hash, sha256);
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && before === earlier.root && after === later.root;
}

const isHash = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

/** The largest power of two below `n`, for n > 1. */
function largestPowerBelow(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

function isPowerOfTwo(n: number): boolean {
  let power = 1;
  while (power < n) power *= 2;
  return power === n;
}
