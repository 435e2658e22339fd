import fc from 'fast-check';
import { type ChainRecord, chainRecord, GENESIS_HASH } from './chain';
import { leafOf, verifyChain } from './chain.verification';
import { sha256 } from './hashing.fixture';
import { decodeRecord, encodeRecord, type RecordLine, writeRecord } from './record.codec';

const decode = (line: string): RecordLine | undefined => decodeRecord(Buffer.from(line));

const chain = fc
  .array(fc.record({ body: fc.string({ unit: 'binary' }), recovers: fc.boolean() }), { minLength: 1, maxLength: 12 })
  .map((commits) => {
    let previous = GENESIS_HASH;
    let generation = 0;
    return commits.map(({ body, recovers }, i): ChainRecord => {
      if (recovers) generation++;
      const record = chainRecord(previous, { seq: i + 1, generation, body }, sha256);
      previous = record.hash;
      return record;
    });
  });

describe('safety', () => {
  it('any list of the records of a chain but the chain itself has its first fault where it departs from it', () => {
    fc.assert(
      fc.property(chain, fc.array(fc.nat(11), { maxLength: 14 }), (records, order) => {
        const tampered = order.map((n) => records[n % records.length]!);
        const departs = records.findIndex((record, i) => tampered[i] !== record);
        const sound = departs === -1 ? (tampered.length > records.length ? records.length : -1) : departs;
        const { fault, records: checked } = verifyChain(tampered, { sha256, known: [records.at(-1)!] });
        if (sound === -1) expect(fault).toBeUndefined();
        else expect([checked, fault?.position.split('-')[0]]).toEqual([sound, String(sound + 1)]);
      }),
    );
  });

  it('one changed character in a line is found', () => {
    fc.assert(
      fc.property(chain, fc.nat(), fc.nat(), fc.string({ minLength: 1, maxLength: 1 }), (records, n, at, character) => {
        const lines = records.map(encodeRecord);
        const index = n % lines.length;
        const line = lines[index]!;
        const place = at % line.length;
        const changed = line.slice(0, place) + character + line.slice(place + 1);
        fc.pre(Buffer.from(changed).compare(Buffer.from(line)) !== 0);
        const { fault, records: checked } = verifyChain(lines.with(index, changed).map(decode), { sha256, known: [records.at(-1)!] });
        expect([fault === undefined, checked]).toEqual([false, index]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('liveness', () => {
  it('a record goes through its line and back, with its very bytes, or its leaf once the content is gone', () => {
    fc.assert(
      fc.property(chain, fc.boolean(), (records, isPruned) => {
        for (const record of records) {
          const { seq, generation, previous, hash, body = '', leaf } = record;
          const line = encodeRecord(isPruned ? { ...record, body: undefined } : record);
          expect(line).not.toMatch(/[\n\r]/);
          const read = decode(line)!;
          expect(read).toMatchObject({ seq, generation, previous, hash });
          expect(leafOf(read, sha256)).toBe(leaf);
          if (!isPruned) expect(Buffer.from(read.body!).equals(Buffer.from(body))).toBe(true);
        }
      }),
    );
  });

  it('a record written in its place is the same, wherever that is, and is refused where it does not fit', () => {
    fc.assert(
      fc.property(chain, fc.nat(300), fc.nat(300), (records, at, spare) => {
        for (const record of records) {
          const { seq, generation, previous, body = '' } = record;
          const line = Buffer.from(`${encodeRecord(record)}\n`);
          const into = Buffer.alloc(at + spare + line.length, '#');
          const written = writeRecord(into, at, { seq, generation, body, previous }, sha256)!;
          expect(written).toMatchObject({ seq, generation, hash: record.hash, leaf: record.leaf, end: at + line.length });
          expect(written.body.equals(Buffer.from(body))).toBe(true);
          expect(into.toString('latin1')).toBe('#'.repeat(at) + line.toString('latin1') + '#'.repeat(spare));
          const short = Buffer.alloc(at + line.length - 1);
          expect(writeRecord(short, at, { seq, generation, body, previous }, sha256)).toBeUndefined();
        }
      }),
    );
  });
});
