import fc from 'fast-check';
import { naiveConsistency, naiveInclusion, naiveRoot, sha256 } from './hashing.fixture';
import { Frontier } from './tree';
import { consistencyRanges, inclusionRanges, type NodeHashes, proofOf, verifyConsistency, verifyInclusion } from './tree.proof';

const leavesOf = (count: number): string[] => Array.from({ length: count }, (_, i) => sha256(`leaf ${i}`));
const hashesOf =
  (leaves: readonly string[]): NodeHashes =>
  ({ level, index }) =>
    naiveRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level));
const sizes = fc.integer({ min: 1, max: 70 });
const flip = (hash: string, at: number): string => {
  const i = at % hash.length;
  return hash.slice(0, i) + (hash[i] === '0' ? '1' : '0') + hash.slice(i + 1);
};

describe('liveness', () => {
  it('the frontier has the root of the definition, for every size', () => {
    const leaves = leavesOf(130);
    const frontier = Frontier.empty(sha256);
    leaves.forEach((leaf, i) => {
      frontier.append(leaf);
      expect(frontier.root()).toBe(naiveRoot(leaves.slice(0, i + 1)));
    });
  });

  it('every leaf of every tree has the inclusion proof of the definition, and it holds', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), (size, n) => {
        const leaves = leavesOf(size);
        const index = n % size;
        const proof = proofOf(inclusionRanges(index, size), hashesOf(leaves), sha256);
        expect(proof).toEqual(naiveInclusion(index, leaves));
        expect(verifyInclusion({ leaf: leaves[index]!, index, size, root: naiveRoot(leaves), proof }, sha256)).toBe(true);
      }),
    );
  });

  it('any two sizes of a tree have the consistency proof of the definition, and it holds', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), (size, n) => {
        const leaves = leavesOf(size);
        const earlier = n % (size + 1);
        const proof = proofOf(consistencyRanges(earlier, size), hashesOf(leaves), sha256);
        expect(proof).toEqual(naiveConsistency(earlier, leaves));
        const heads = { earlier: { size: earlier, root: naiveRoot(leaves.slice(0, earlier)) }, later: { size, root: naiveRoot(leaves) } };
        expect(verifyConsistency({ ...heads, proof }, sha256)).toBe(true);
      }),
    );
  });
});

describe('safety', () => {
  it('an inclusion proof holds for nothing but its own leaf, place, size and root', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), fc.nat(63), (size, n, other, at) => {
        const leaves = leavesOf(size);
        const index = n % size;
        const sound = { leaf: leaves[index]!, index, size, root: naiveRoot(leaves), proof: naiveInclusion(index, leaves) };
        const holds = (change: Partial<typeof sound>): boolean => verifyInclusion({ ...sound, ...change }, sha256);
        expect(holds({ leaf: flip(sound.leaf, at) })).toBe(false);
        expect(holds({ root: flip(sound.root, at) })).toBe(false);
        if (other % size !== index) expect(holds({ index: other % size })).toBe(false);
        expect(holds({ index: size })).toBe(false);
        expect(holds({ proof: [...sound.proof, sound.root] })).toBe(false);
        if (size === 1) return;
        const place = other % sound.proof.length;
        expect(holds({ proof: sound.proof.with(place, flip(sound.proof[place]!, at)) })).toBe(false);
        expect(holds({ proof: sound.proof.toSpliced(place, 1) })).toBe(false);
      }),
    );
  });

  it('a consistency proof holds for nothing but its own two trees', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), fc.nat(63), (size, n, other, at) => {
        const leaves = leavesOf(size);
        const m = 1 + (n % size);
        const sound = {
          earlier: { size: m, root: naiveRoot(leaves.slice(0, m)) },
          later: { size, root: naiveRoot(leaves) },
          proof: naiveConsistency(m, leaves),
        };
        const holds = (change: Partial<typeof sound>): boolean => verifyConsistency({ ...sound, ...change }, sha256);
        const rewritten = leaves.with(other % m, sha256('another leaf'));
        expect(holds({ later: { size, root: naiveRoot(rewritten) }, proof: naiveConsistency(m, rewritten) })).toBe(false);
        expect(holds({ earlier: { size: m, root: flip(sound.earlier.root, at) } })).toBe(false);
        expect(holds({ later: { size, root: flip(sound.later.root, at) } })).toBe(false);
        expect(holds({ proof: [...sound.proof, sound.later.root] })).toBe(false);
        expect(holds({ earlier: { size: size + 1, root: sound.earlier.root } })).toBe(false);
        if (sound.proof.length === 0) return;
        const place = other % sound.proof.length;
        expect(holds({ proof: sound.proof.with(place, flip(sound.proof[place]!, at)) })).toBe(false);
        expect(holds({ proof: sound.proof.toSpliced(place, 1) })).toBe(false);
      }),
    );
  });
});
