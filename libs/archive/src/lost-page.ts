import { type DiskFile, readInto } from './archive-disk';

const NEWLINE = 0x0a;
const READ_BYTES = 256 * 1024;

/** Where a file of lines ends in front of a page that never got to the disk. */
export interface LostPage {
  /** Of the whole lines before it. */
  readonly bytes: number;
  /** The last of them, without its end. */
  readonly lastLine: Buffer | undefined;
}

/**
 * The first page that a power cut has taken out of what was not synced: it reads as zeros, which no line of an archive has. Only
 * the last flush can have one, and nothing of that flush was called durable. Undefined when nothing is missing.
 */
export async function lostPage(file: DiskFile): Promise<LostPage | undefined> {
  const size = await file.size();
  let before: Buffer = Buffer.alloc(0);
  for (let at = 0; at < size;) {
    const read = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, size - at));
    const count = await readInto(file, read, at);
    if (count === 0) return undefined;
    const zero = read.subarray(0, count).indexOf(0);
    const known = Buffer.concat([before, read.subarray(0, zero < 0 ? count : zero)]);
    at += count;
    if (zero >= 0) return endOf(known, at - count + zero);
    // From the last whole line on: the line before the hole is to be read.
    const lastEnd = known.lastIndexOf(NEWLINE);
    before = lastEnd <= 0 ? known : known.subarray(known.lastIndexOf(NEWLINE, lastEnd - 1) + 1);
  }
  return undefined;
}

function endOf(known: Buffer, zeroAt: number): LostPage {
  const end = known.lastIndexOf(NEWLINE);
  const bytes = zeroAt - (known.length - end - 1);
  if (end < 0) return { bytes, lastLine: undefined };
  const begin = end === 0 ? 0 : known.lastIndexOf(NEWLINE, end - 1) + 1;
  return { bytes, lastLine: known.subarray(begin, end) };
}

/** Of a file that gets one line at a time: all but a last line that was torn, or has lost a page. */
export function wholeBytes(lines: Buffer): number {
  const end = lines.lastIndexOf(NEWLINE) + 1;
  const zero = lines.subarray(0, end).indexOf(0);
  if (zero < 0) return end;
  const isInLast = lines.indexOf(NEWLINE, zero) === end - 1;
  return isInLast ? lines.lastIndexOf(NEWLINE, zero) + 1 : end;
}
