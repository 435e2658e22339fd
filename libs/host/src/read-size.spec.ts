import type { LogEntry } from '@torch/log';
import { ReadSize } from './read-size';

const KIB = 1024;
const entries = (count: number, chars: number): LogEntry[] =>
  Array.from({ length: count }, (_, i) => ({ position: { seq: i + 1, generation: 0 }, body: 'x'.repeat(chars) }));

/** What is asked for after so many reads of entries of one size. */
function after(reads: number, chars: number, size = new ReadSize()): ReadSize {
  for (let n = 0; n < reads; n++) {
    const asked = size.next(500);
    size.note(entries(asked, chars), asked);
  }
  return size;
}

describe('the size of a read', () => {
  it('grows step by step to as many small commits as may be read', () => {
    const asked = [0, 1, 2, 3, 4].map((reads) => after(reads, 100).next(500));
    expect(asked).toEqual([16, 64, 256, 500, 500]);
  });

  it('is a MiB or so of large ones, and never less than one entry', () => {
    expect(after(3, 64 * KIB).next(500)).toBe(16);
    expect(after(3, 1024 * KIB).next(500)).toBe(1);
    expect(after(3, 3000 * KIB).next(500)).toBe(1);
  });

  it('shrinks at once where commits get large, or a read fails', () => {
    const size = after(5, 100);
    size.note(entries(500, 512 * KIB), 500);
    expect(size.next(500)).toBe(2);
    const failing = after(5, 100);
    for (const asked of [500, 500, 125, 31, 7, 1, 1]) {
      expect(failing.next(500)).toBe(asked);
      failing.failed();
    }
  });
});
