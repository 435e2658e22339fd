import { createHash } from 'node:crypto';
import type { Sha256 } from './chain';

export const sha256: Sha256 = (data) => createHash('sha256').update(data).digest('hex');

/** The tree as RFC 6962 §2.1 defines it, with nothing clever: what everything else is held against. */
export function naiveRoot(leaves: readonly string[]): string {
  if (leaves.length === 0) return sha256('');
  if (leaves.length === 1) return leaves[0] as string;
  const k = splitOf(leaves.length);
  return naiveNode(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

export function naiveInclusion(m: number, leaves: readonly string[]): string[] {
  if (leaves.length === 1) return [];
  const k = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return m < k ? [...naiveInclusion(m, left), naiveRoot(right)] : [...naiveInclusion(m - k, right), naiveRoot(left)];
}

export const naiveConsistency = (m: number, leaves: readonly string[]): string[] => (m === 0 ? [] : subProof(m, leaves, true));

function subProof(m: number, leaves: readonly string[], isWhole: boolean): string[] {
  if (m === leaves.length) return isWhole ? [] : [naiveRoot(leaves)];
  const k = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return m <= k ? [...subProof(m, left, isWhole), naiveRoot(right)] : [...subProof(m - k, right, false), naiveRoot(left)];
}

const splitOf = (n: number): number => 2 ** Math.floor(Math.log2(n - 1));
const naiveNode = (left: string, right: string): string =>
  sha256(Buffer.concat([Buffer.from([1]), Buffer.from(left, 'hex'), Buffer.from(right, 'hex')]));
