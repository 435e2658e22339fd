import { type ChainHead, type ChainRecord, chainRecord, GENESIS_HASH, leafHash, type LinkedRecord } from './chain';
import { confirmHead, EMPTY_PROOF, extendProof, leafOf, verifyChain } from './chain.verification';
import { sha256 } from './hashing.fixture';
import { decodeRecord, encodeRecord } from './record.codec';

/** Seven commits; from the fifth on in the next generation. */
function chain(bodies = ['a', 'b', 'c', 'd', 'e', 'f', 'g']): ChainRecord[] {
  let previous = GENESIS_HASH;
  return bodies.map((body, i) => {
    const record = chainRecord(previous, { seq: i + 1, generation: i < 4 ? 0 : 1, body: `{"commit":"${body}"}` }, sha256);
    previous = record.hash;
    return record;
  });
}

const headOf = (records: readonly ChainRecord[]): ChainHead => records.at(-1) as ChainRecord;
const position = (records: readonly (LinkedRecord | undefined)[], known?: readonly ChainHead[]) =>
  verifyChain(records, { sha256, known }).fault?.position;

describe('a chain as it was written', () => {
  it('is sound, through a change of generation', () => {
    const records = chain();
    const { seq, generation, hash } = headOf(records);
    expect(verifyChain(records, { sha256, known: [headOf(records)] })).toEqual({ records: 7, head: { seq, generation, hash } });
  });

  it('hashes position, body and the hash before as documented', () => {
    const [first, second] = chain();
    expect(first?.leaf).toBe(sha256(`\u00001-0\n{"commit":"a"}`));
    expect(first?.hash).toBe(sha256(`${'0'.repeat(64)}\n${first?.leaf}`));
    expect(second?.hash).toBe(sha256(`${first?.hash}\n${second?.leaf}`));
  });

  it('has the same leaves whether its commits come as text or as bytes', () => {
    for (const body of ['', '{}', '{"ü":"😀"}', `{"a":"${'x'.repeat(100_000)}"}`, '{"again":"short"}'])
      expect(leafHash({ seq: 7, generation: 2, body: Buffer.from(body) }, sha256)).toBe(leafHash({ seq: 7, generation: 2, body }, sha256));
  });

  it('is sound while it is empty', () => expect(verifyChain([], { sha256 })).toEqual(EMPTY_PROOF));

  it('can be checked in parts', () => {
    const records = chain();
    const half = records.slice(0, 3).reduce((proof, record) => extendProof(proof, record, sha256), EMPTY_PROOF);
    expect(records.slice(3).reduce((proof, record) => extendProof(proof, record, sha256), half)).toEqual(verifyChain(records, { sha256 }));
  });

  it('is sound with the leaf of a record in place of its content', () => {
    const records = chain().map((record) => decodeRecord(Buffer.from(encodeRecord({ ...record, body: undefined }))));
    expect(verifyChain(records, { sha256, known: [headOf(chain())] })).toMatchObject({ records: 7, head: { seq: 7 } });
    expect(leafOf(records[0]!, sha256)).toBe(chain()[0]!.leaf);
    expect(position(records.map((record, i) => (i === 2 ? { ...record!, body: undefined, leaf: chain()[3]!.leaf } : record)))).toBe('3-0');
  });
});

describe('tampering', () => {
  it.each(['body', 'previous', 'hash'] as const)('is found where %s was flipped', (field) => {
    chain().forEach((record, i) => {
      const value = record[field] as string;
      const flipped = value.slice(0, 3) + (value[3] === 'x' ? 'y' : 'x') + value.slice(4);
      expect(position(chain().with(i, { ...record, [field]: flipped }))).toBe(`${i + 1}-${record.generation}`);
    });
  });

  it('is found where the position was changed', () => {
    chain().forEach((record, i) => {
      expect(position(chain().with(i, { ...record, seq: record.seq + 1 }))).toMatch(`${i + 1}-`);
      expect(position(chain().with(i, { ...record, seq: record.seq - 1 }))).toMatch(`${i + 1}-`);
      expect(position(chain().with(i, { ...record, generation: record.generation + 1 }))).toMatch(`${i + 1}-`);
    });
    expect(position(chain().with(5, { ...chain()[5]!, generation: 0 }))).toBe('6-1');
  });

  it('is found where a record was dropped, and named by the one that is missing', () => {
    for (let i = 0; i < 6; i++) expect(position(chain().toSpliced(i, 1))).toMatch(`${i + 1}-`);
    expect(verifyChain(chain().toSpliced(2, 1), { sha256 })).toMatchObject({
      records: 2,
      fault: { position: '3-0', problem: 'The record is missing: 4-0 comes in its place.' },
    });
  });

  it('is found where two records were swapped', () => {
    for (let i = 0; i < 6; i++) {
      const records = chain();
      expect(position(records.with(i, records[i + 1]!).with(i + 1, records[i]!))).toMatch(`${i + 1}-`);
    }
  });

  it('is found where a record was duplicated', () => {
    for (let i = 0; i < 7; i++) expect(position(chain().toSpliced(i, 0, chain()[i]!))).toMatch(`${i + 2}-`);
  });

  it('is found where the end was cut off, by whoever knows the head', () => {
    for (let kept = 0; kept < 7; kept++) {
      expect(position(chain().slice(0, kept), [headOf(chain())])).toBe(`${kept + 1}-1`);
      expect(position(chain().slice(0, kept))).toBeUndefined();
    }
  });

  it('is found where everything was written anew with hashes that fit, by whoever knows a head', () => {
    const forged = chain(['a', 'b', 'X', 'd', 'e', 'f', 'g']);
    expect(position(forged)).toBeUndefined();
    expect(position(forged, [headOf(chain())])).toBe('7-1');
    const checkpoints = [chain()[1]!, chain()[3]!, headOf(chain())];
    expect(position(forged, checkpoints)).toBe('4-0');
    expect(confirmHead(verifyChain(chain(), { sha256 }), chain()[3]!).fault).toBeUndefined();
  });

  it('is found where one record was hashed anew, because the next one does not follow from it', () => {
    const records = chain();
    const forged = chainRecord(records[1]!.hash, { seq: 3, generation: 0, body: 'X' }, sha256);
    expect(position(records.with(2, forged))).toBe('4-0');
  });

  it('is found where a record of another chain was put in, with a hash that fits', () => {
    const foreign = chainRecord(sha256('another chain'), { seq: 3, generation: 0, body: '{"commit":"c"}' }, sha256);
    expect(verifyChain(chain().with(2, foreign), { sha256 }).fault).toEqual({
      position: '3-0',
      problem: 'It does not follow from the record before: "previous" is not that record\'s hash.',
    });
  });

  it('is found where a record repeats a position or goes back a generation, though every hash fits', () => {
    const records = chain();
    const repeated = chainRecord(records[2]!.hash, { seq: 3, generation: 0, body: 'again' }, sha256);
    expect(verifyChain([...records.slice(0, 3), repeated], { sha256 }).fault).toEqual({
      position: '4-0',
      problem: 'Record 3-0 comes in its place, for the second time or out of order.',
    });
    const older = chainRecord(records[4]!.hash, { seq: 6, generation: 0, body: 'older' }, sha256);
    expect(verifyChain([...records.slice(0, 5), older], { sha256 }).fault).toEqual({
      position: '6-1',
      problem: 'Its generation 0 is below 1, that of the record before.',
    });
  });

  it('is found where a line is no record any more', () => {
    expect(
      verifyChain(
        chain().map((record, i) => (i === 2 ? undefined : record)),
        { sha256 },
      ).fault,
    ).toEqual({
      position: '3-0',
      problem: 'The record cannot be read.',
    });
  });

  it('is named by its first place, and what comes behind it is not looked at', () => {
    const records = chain()
      .with(1, { ...chain()[1]!, body: 'x' })
      .with(4, { ...chain()[4]!, body: 'x' });
    expect(verifyChain(records, { sha256, known: [headOf(chain())] })).toMatchObject({
      records: 1,
      head: { seq: 1 },
      fault: { position: '2-0' },
    });
  });
});
