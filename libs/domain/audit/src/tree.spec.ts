import { naiveRoot, sha256 } from './hashing.fixture';
import { emptyRoot, Frontier, nodeHash } from './tree';
import { consistencyRanges, inclusionRanges, type NodeHashes, proofOf, verifyConsistency, verifyInclusion } from './tree.proof';

/** The leaves, roots and proofs of Certificate Transparency's reference tests for RFC 6962. */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map((hex) =>
  sha256(Buffer.from(`00${hex}`, 'hex')),
);
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const INCLUSION: readonly [leaf: number, size: number, proof: readonly string[]][] = [
  [1, 1, []],
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [3, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [
    2,
    5,
    [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];
const CONSISTENCY: readonly [earlier: number, size: number, proof: readonly string[]][] = [
  [1, 1, []],
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [
    2,
    5,
    [
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];

const hashesOf =
  (leaves: readonly string[]): NodeHashes =>
  ({ level, index }) =>
    naiveRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level));
const hashes = hashesOf(LEAVES);

describe('the tree of RFC 6962', () => {
  it('hashes leaves and nodes apart', () => {
    expect(emptyRoot(sha256)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(sha256('\0L123456')).toBe('395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56');
    const hexOf = (text: string) => Buffer.from(text).toString('hex');
    // The published vector hashes 4-byte children; a node here always has two whole hashes.
    expect(sha256(Buffer.from(`01${hexOf('N123')}${hexOf('N456')}`, 'hex'))).toBe(
      'aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb',
    );
    expect(nodeHash(LEAVES[0]!, LEAVES[1]!, sha256)).toBe(ROOTS[1]);
  });

  it('has the published roots for every size', () => {
    const frontier = Frontier.empty(sha256);
    expect(frontier.root()).toBe(emptyRoot(sha256));
    LEAVES.forEach((leaf, i) => {
      frontier.append(leaf);
      expect(frontier.root()).toBe(ROOTS[i]);
      expect(naiveRoot(LEAVES.slice(0, i + 1))).toBe(ROOTS[i]);
    });
  });

  it.each(INCLUSION)('has the published inclusion proof of leaf %i of %i', (leaf, size, proof) => {
    expect(proofOf(inclusionRanges(leaf - 1, size), hashes, sha256)).toEqual(proof);
    expect(verifyInclusion({ leaf: LEAVES[leaf - 1]!, index: leaf - 1, size, root: ROOTS[size - 1]!, proof }, sha256)).toBe(true);
  });

  it.each(CONSISTENCY)('has the published consistency proof from %i to %i', (earlier, size, proof) => {
    expect(proofOf(consistencyRanges(earlier, size), hashes, sha256)).toEqual(proof);
    const heads = { earlier: { size: earlier, root: ROOTS[earlier - 1]! }, later: { size, root: ROOTS[size - 1]! } };
    expect(verifyConsistency({ ...heads, proof }, sha256)).toBe(true);
  });
});

describe('a proof', () => {
  it('cannot be asked for where there is none', () => {
    for (const [index, size] of [
      [0, 0],
      [8, 8],
      [-1, 8],
      [0.5, 8],
    ] as const)
      expect(() => inclusionRanges(index, size)).toThrow(RangeError);
    for (const [earlier, size] of [
      [9, 8],
      [-1, 8],
      [1.5, 8],
    ] as const)
      expect(() => consistencyRanges(earlier, size)).toThrow(RangeError);
  });

  it('reaches trees that no 32 bits can count', () => {
    const size = 2 ** 50 + 5;
    expect(inclusionRanges(2 ** 40, size)).toHaveLength(51);
    expect(inclusionRanges(size - 1, size)).toEqual([
      { from: 2 ** 50, to: 2 ** 50 + 4 },
      { from: 0, to: 2 ** 50 },
    ]);
    const proof = inclusionRanges(2 ** 40, size).map(({ from, to }) => sha256(`${from}-${to}`));
    expect(verifyInclusion({ leaf: ROOTS[0]!, index: 2 ** 40, size, root: ROOTS[0]!, proof }, sha256)).toBe(false);
  });
});

describe('a frontier', () => {
  it('goes on where it was written down', () => {
    for (let cut = 0; cut <= LEAVES.length; cut++) {
      const first = Frontier.empty(sha256);
      for (const leaf of LEAVES.slice(0, cut)) first.append(leaf);
      const second = Frontier.decode(first.encode(), cut, sha256);
      expect(second.root()).toBe(first.root());
      for (const leaf of LEAVES.slice(cut)) second.append(leaf);
      expect(second.root()).toBe(ROOTS.at(-1));
      expect(second.size).toBe(8);
    }
  });

  it('is refused when it cannot be one of that size', () => {
    for (const [encoded, size] of [
      [[], 1],
      [[ROOTS[0]!], 3],
      [[ROOTS[0]!], 0],
      [['x'], 1],
      [[], -1],
      [[ROOTS[0]!], 1.5],
    ] as const)
      expect(() => Frontier.decode(encoded, size, sha256)).toThrow(RangeError);
  });

  it('tells of every subtree that becomes whole', () => {
    const frontier = Frontier.empty(sha256);
    const completed: string[] = [];
    LEAVES.forEach((leaf) => frontier.append(leaf, (level, hash) => completed.push(`${level}:${hash}`)));
    expect(completed.filter((node) => node.startsWith('3:'))).toEqual([`3:${ROOTS[7]}`]);
    expect(completed).toHaveLength(15);
  });
});
