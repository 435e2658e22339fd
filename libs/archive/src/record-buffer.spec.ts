import { chainRecord, type ChainRecord, encodeRecord, GENESIS_HASH } from '@torch/domain-audit';
import { sha256 } from './hashing';
import { RecordBuffer } from './record-buffer';

const MIB = 1024 * 1024;

describe('records that wait', () => {
  it('come out in order, as the lines that they are, whatever their size and while older ones are written', () => {
    const buffer = new RecordBuffer({ seq: 0, generation: 0, hash: GENESIS_HASH }, 64 * MIB);
    const bodies = [
      '{}',
      'no commit',
      `{"a":"${'ü'.repeat(MIB)}"}`,
      ...Array.from({ length: 9 }, (_, i) => `{"n":${i},"text":"${'x'.repeat(i * 90_000)}"}`),
    ];
    const expected: ChainRecord[] = [];
    const written: string[] = [];
    for (let round = 0; round < 3; round++) {
      for (const body of bodies) {
        const seq = expected.length + 1;
        expected.push(chainRecord(expected.at(-1)?.hash ?? GENESIS_HASH, { seq, generation: 0, body }, sha256));
        buffer.add({ position: { seq, generation: 0 }, body });
      }
      for (let lines = buffer.take(); lines; lines = buffer.take()) {
        expect(lines.records.length).toBeGreaterThan(0);
        written.push(lines.bytes.toString('utf8'));
        buffer.done(lines);
      }
      expect(buffer.bytes).toBe(0);
    }
    expect(written.join('') === expected.map((record) => `${encodeRecord(record)}\n`).join('')).toBe(true);
    expect(buffer.head).toMatchObject({ seq: expected.length, hash: expected.at(-1)?.hash });
  });

  it('stay as they are while those behind them are added', () => {
    const buffer = new RecordBuffer({ seq: 0, generation: 0, hash: GENESIS_HASH }, MIB);
    buffer.add({ position: { seq: 1, generation: 0 }, body: '{"a":1}' });
    const first = buffer.take()!;
    const bytes = Buffer.from(first.bytes);
    buffer.add({ position: { seq: 2, generation: 0 }, body: '{"a":2}' });
    expect(first.bytes.equals(bytes)).toBe(true);
    const second = buffer.take()!;
    buffer.done(first);
    const secondBytes = Buffer.from(second.bytes);
    buffer.add({ position: { seq: 3, generation: 0 }, body: '{"a":3}' });
    expect(second.bytes.equals(secondBytes)).toBe(true);
  });
});
