import { sha256 } from '../hashing';
import { HistoryPart } from './history-part';

const FORMAT = 1;
const NEWLINE = 0x0a;
const HEADER_BYTES_MAX = 1024;
const NUMBER_BYTES = Float64Array.BYTES_PER_ELEMENT;

/** Which content of a segment an index was made from. */
export interface IndexedSegment {
  readonly firstSeq: number;
  /** Of the segment's file, as its manifest has it. */
  readonly sha256: string;
  /** Size of that file in bytes, as it is on disk. */
  readonly bytes: number;
}

/** One line of JSON that says what it is of, then the times and the postings as doubles in the machine's order of bytes. */
export function encodePart({ latestMs, postings }: HistoryPart, segment: IndexedSegment): Buffer {
  const content = Buffer.concat([bytesOf(latestMs), bytesOf(postings)]);
  const header = { format: FORMAT, ...segment, records: latestMs.length, postings: postings.length, check: sha256(content) };
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), content]);
}

/** Undefined when it was made of something else, in another format, or is damaged. */
export function decodePart(file: Buffer, segment: IndexedSegment): HistoryPart | undefined {
  const end = file.subarray(0, HEADER_BYTES_MAX).indexOf(NEWLINE);
  if (end < 0) return undefined;
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(file.toString('utf8', 0, end)) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const content = file.subarray(end + 1);
  const { format, firstSeq, bytes, records, postings, check } = header ?? {};
  if (format !== FORMAT || firstSeq !== segment.firstSeq || header.sha256 !== segment.sha256 || bytes !== segment.bytes) return undefined;
  if (check !== sha256(content) || content.length !== NUMBER_BYTES * (Number(records) + Number(postings))) return undefined;
  // Copied, so that the numbers begin where numbers may begin.
  const numbers = new Float64Array(content.buffer.slice(content.byteOffset, content.byteOffset + content.length) as ArrayBuffer);
  return new HistoryPart(segment.firstSeq, numbers.subarray(0, Number(records)), numbers.subarray(Number(records)));
}

const bytesOf = (numbers: Float64Array): Buffer => Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
