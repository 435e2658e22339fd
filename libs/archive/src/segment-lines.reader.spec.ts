import type { ArchiveDisk } from './archive-disk';
import { readSegmentLines } from './segment-lines.reader';

const BYTES = 8 * 1024 * 1024;

/** A file of short lines on a disk that answers at once. */
const disk = {
  openToRead: () =>
    Promise.resolve({
      size: () => Promise.resolve(BYTES),
      read: (buffer: Buffer) => {
        buffer.fill('line\n');
        return Promise.resolve(buffer.length - (buffer.length % 5));
      },
      close: () => Promise.resolve(),
    }),
} as unknown as ArchiveDisk;

describe('the lines of a segment', () => {
  it('are read with a turn for others after every MiB, even where the disk answers at once', async () => {
    let rounds = 0;
    let isOver = false;
    const count = (): void => {
      rounds++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    let bytes = 0;
    for await (const lines of readSegmentLines({ path: 'open', isSealed: false }, { disk })) bytes += lines.length;
    isOver = true;
    expect(bytes).toBe(BYTES - (BYTES % 5));
    expect(rounds).toBeGreaterThanOrEqual(BYTES / (2 * 1024 * 1024));
  });
});
