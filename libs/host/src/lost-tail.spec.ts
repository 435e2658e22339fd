import type { Log, LogEntry } from '@torch/log';
import { parsePosition } from '@torch/log';
import { lastSharedSeq } from './lost-tail';

/** A log that holds these positions, in order. */
function logOf(...positions: readonly string[]): Log {
  const entries: LogEntry[] = positions.map((position) => ({ position: parsePosition(position), body: '{}' }));
  return {
    first: () => Promise.resolve(entries[0]?.position),
    head: () => Promise.resolve(entries.at(-1)?.position ?? { seq: 0, generation: 0 }),
    read: (_partition: number, afterSeq: number, limit: number) =>
      Promise.resolve(entries.filter(({ position }) => position.seq > afterSeq).slice(0, limit)),
  } as unknown as Log;
}

describe('a place that was noted before the log lost its tail', () => {
  it.each([
    ['3-0', ['1-0', '2-0', '3-0', '4-0'], 3, 'nothing was lost'],
    ['5-0', ['1-0', '2-0'], 2, 'the log ends before it'],
    ['5-0', ['1-0', '2-0', '3-1', '4-1', '5-1', '6-1'], 2, 'the log has grown beyond it again'],
    ['2-0', ['1-0', '2-0', '3-1'], 2, 'only what came after it was lost'],
    ['4-1', ['1-0', '2-0', '3-1', '4-2'], 3, 'the log lost its tail once more'],
    ['5-0', ['1-0', '2-0', '3-1', '4-2', '5-2'], 2, 'the log lost its tail twice since'],
    ['4-1', ['1-0', '2-2', '3-2', '4-2'], 1, 'its whole generation was lost'],
    ['2-0', ['1-1', '2-1'], 0, 'everything was lost'],
    ['2-0', [], 0, 'the log is empty'],
    ['9-0', ['7-0', '8-0', '9-0'], 9, 'the beginning was trimmed'],
    ['3-0', ['7-0', '8-0', '9-0'], 3, 'it was trimmed itself'],
    ['8-0', ['7-1', '8-1'], 6, 'all but what was trimmed was lost'],
  ])('%s leads back to the last entry that is still the one that was seen', async (noted, log, seq) => {
    expect(await lastSharedSeq(logOf(...log), 0, parsePosition(noted))).toBe(seq);
  });

  it('is found over more entries than are read at a time', async () => {
    const kept = Array.from({ length: 300 }, (_, i) => `${i + 1}-0`);
    const anew = Array.from({ length: 700 }, (_, i) => `${i + 301}-1`);
    expect(await lastSharedSeq(logOf(...kept, ...anew), 0, parsePosition('900-0'))).toBe(300);
  });
});
