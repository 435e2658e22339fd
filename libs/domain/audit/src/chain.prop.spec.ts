import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { type ChainRecord, chainRecord, GENESIS_HASH } from './chain';
import { decodeRecord, encodeRecord } from './chain.codec';
import { verifyChain } from './chain.verification';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

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

  it('one changed character in a line is found, unless the line still says the same', () => {
    fc.assert(
      fc.property(chain, fc.nat(), fc.nat(), fc.string({ minLength: 1, maxLength: 1 }), (records, n, at, character) => {
        const lines = records.map(encodeRecord);
        const index = n % lines.length;
        const line = lines[index]!;
        const place = at % line.length;
        const changed = line.slice(0, place) + character + line.slice(place + 1);
        const read = decodeRecord(changed);
        const { fault, records: checked } = verifyChain(lines.with(index, changed).map(decodeRecord), { sha256, known: [records.at(-1)!] });
        const isSame = read !== undefined && encodeRecord(read) === line;
        expect(fault === undefined).toBe(isSame);
        if (fault) expect(checked).toBe(index);
      }),
      { numRuns: 500 },
    );
  });
});
