import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Frontier, leafHash } from '@torch/domain-audit';
import { sha256 } from '../hashing';
import { type BuiltArchive, buildArchive, commitBody } from '../verify/built-archive.fixture';
import { inclusionProblem, type InclusionProof, type KeptCheckpoint, newestCheckpoint, proveConsistency, proveInclusion } from './proofs';
import { TreeIndex } from './tree-index';

const RECORDS = 1200;
let built: BuiltArchive;
let place: { dir: string; partition: number };
let newest: KeptCheckpoint;

beforeAll(async () => {
  built = await buildArchive({ segments: [500, 400, 300], eventsEach: 1 });
  place = { dir: built.dir, partition: 0 };
  newest = (await newestCheckpoint(place, built.keys))!;
});
afterAll(() => built.remove());

/** Root of the tree over the first `size` records. */
function rootOf(size: number): string {
  const frontier = Frontier.empty(sha256);
  for (let seq = 1; seq <= size; seq++) frontier.append(leafHash({ seq, generation: 0, body: commitBody(seq, 1) }, sha256));
  return frontier.root();
}

const indexFile = (level: string) => join(built.dir, 'p00', 'index', `tree-${level}`);

describe('an inclusion proof', () => {
  it('is there for every record, and holds with nothing but the key', async () => {
    for (const seq of [1, 2, 255, 256, 257, 500, 501, 999, 1024, 1199, RECORDS]) {
      const proof = await proveInclusion(place, seq, newest);
      expect(proof).toMatchObject({ partition: 0, position: `${seq}-0`, index: seq - 1, commit: commitBody(seq, 1) });
      expect(inclusionProblem(JSON.parse(JSON.stringify(proof)) as InclusionProof, built.keys)).toBeUndefined();
    }
  });

  it('does not hold for anything else', async () => {
    const proof = await proveInclusion(place, 700, newest);
    const problem = (change: Partial<InclusionProof>, keys = built.keys) => inclusionProblem({ ...proof, ...change }, keys);
    expect(problem({}, [])).toMatch(/by no key that is trusted/);
    expect(problem({ partition: 1 })).toMatch(/is for torch/);
    expect(problem({ logId: 'another' })).toMatch(/is for torch/);
    expect(problem({ position: '701-0' })).toMatch(/belongs to seq 700/);
    expect(problem({ position: '700-1' })).toMatch(/not the hash of this commit/);
    expect(problem({ commit: `${proof.commit} ` })).toMatch(/not the hash of this commit/);
    expect(problem({ leaf: sha256('x'), commit: undefined })).toMatch(/does not lead/);
    expect(problem({ proof: proof.proof.slice(1) })).toMatch(/does not lead/);
    expect(problem({ checkpoint: proof.checkpoint.replace('\n1200\n', '\n1201\n') })).toMatch(/signature/);
  });

  it('cannot be had for what the checkpoint does not reach', async () => {
    await expect(proveInclusion(place, RECORDS + 1, newest)).rejects.toThrow(RangeError);
    await expect(proveInclusion(place, 0, newest)).rejects.toThrow(RangeError);
  });
});

describe('a consistency proof', () => {
  it('is there between any two sizes of the tree', async () => {
    const later = { size: RECORDS, root: newest.checkpoint.root };
    for (const size of [0, 1, 255, 256, 700, 1024, RECORDS])
      expect(await proveConsistency(place, { size, root: rootOf(size) }, later)).toBeDefined();
  });

  it('is not there from a tree that the archive never was', async () => {
    const later = { size: RECORDS, root: newest.checkpoint.root };
    expect(await proveConsistency(place, { size: 700, root: rootOf(701) }, later)).toBeUndefined();
  });
});

describe('the index', () => {
  it('has the hashes of every eighth level, and is made anew from the archive when it is gone or wrong', async () => {
    await proveInclusion(place, 1, newest);
    expect([statSync(indexFile('00')).size, statSync(indexFile('08')).size, statSync(indexFile('16')).size]).toEqual([
      RECORDS * 32,
      4 * 32,
      0,
    ]);
    const whole = readFileSync(indexFile('00'));
    for (const spoil of [
      () => rmSync(join(built.dir, 'p00', 'index'), { recursive: true }),
      () => writeFileSync(indexFile('00'), whole.subarray(0, 300 * 32 + 7)),
      () => writeFileSync(indexFile('08'), Buffer.alloc(32)),
      () => writeFileSync(indexFile('00'), Buffer.alloc(RECORDS * 32)),
      () => writeFileSync(indexFile('08'), Buffer.alloc(4 * 32)),
    ]) {
      spoil();
      expect(inclusionProblem(await proveInclusion(place, 900, newest), built.keys)).toBeUndefined();
    }
    expect(readFileSync(indexFile('00')).equals(whole)).toBe(true);
    expect(readdirSync(join(built.dir, 'p00', 'index')).sort()).toEqual(['tree-00', 'tree-08', 'tree-16', 'tree-24', 'tree-32']);
  });

  it('is carried on as far as it is asked for', async () => {
    await TreeIndex.remove(place);
    for (const size of [1, 3, 256, 511, 1000, RECORDS]) {
      const index = await TreeIndex.open(place, size);
      expect(await index.hash({ level: 0, index: size - 1 })).toBe(
        leafHash({ seq: size, generation: 0, body: commitBody(size, 1) }, sha256),
      );
      if (size >= 512) expect(await index.hash({ level: 9, index: 0 })).toBe(rootOf(512));
      await expect(index.hash({ level: 0, index: 5000 })).rejects.toThrow(RangeError);
      await index.close();
    }
  });
});
