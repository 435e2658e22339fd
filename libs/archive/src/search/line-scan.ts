import { decodeRecord, type RecordLine } from '@torch/domain-audit';
import { COMMIT_END_INDEX, type EventPlace } from '@torch/log';
import { ArchiveBroken } from '../archive.errors';
import { type Room, scanCommit } from './commit-scan';
import type { CompiledFilter, FoundEvent } from './event-filter';

const NEWLINE = 0x0a;
/** A commit that was embedded as a JSON string holds other bytes than its text does, and must be read to be searched. */
const EMBEDDED_AS_TEXT = Buffer.from('","commit":"');
const PRUNED = Buffer.from('","leaf":"');

/** What one stretch of lines gave. */
export interface ScanResult {
  readonly events: FoundEvent[];
  /** Records behind `after` that retention has emptied: nobody can say whether they held what is looked for. */
  readonly pruned: number;
  /** Everything up to here has been searched. */
  readonly through: EventPlace;
  /** There was no room for more. */
  readonly isFull: boolean;
}

/**
 * Searches the bytes of whole lines. Only a line whose bytes hold everything that is looked for is taken apart and parsed.
 */
export class LineScan {
  private readonly groups: readonly (readonly Buffer[])[];

  constructor(
    private readonly partition: number,
    private readonly filter: CompiledFilter,
  ) {
    this.groups = filter.needles.map((group) => group.map((text) => Buffer.from(text)));
  }

  /** @throws ArchiveBroken naming the line, when one that must be read is not a record. */
  scan(lines: Buffer, room: Room): ScanResult {
    const { filter } = this;
    const last = recordOf(lines, lastLine(lines));
    const end = placeOf(this.partition, last, COMMIT_END_INDEX);
    if (!filter.isBehind(end)) return { events: [], pruned: 0, through: end, isFull: false };
    const events: FoundEvent[] = [];
    for (const line of this.candidates(lines)) {
      const through = this.take(recordOf(lines, line), room, events);
      if (through) return { events, pruned: this.prunedIn(lines.subarray(0, line.end + 1)), through, isFull: true };
    }
    return { events, pruned: this.prunedIn(lines), through: end, isFull: false };
  }

  private take({ seq, generation, body }: RecordLine, room: Room, events: FoundEvent[]): EventPlace | undefined {
    const commit = body && { partition: this.partition, position: { seq, generation }, body: textOf(body) };
    return commit && scanCommit(commit, this.filter, room, events);
  }

  private prunedIn(lines: Buffer): number {
    let count = 0;
    for (let at = lines.indexOf(PRUNED); at >= 0;) {
      const line = lineAround(lines, at);
      const record = recordOf(lines, line);
      if (record.leaf !== undefined && this.filter.isBehind(placeOf(this.partition, record, COMMIT_END_INDEX))) count++;
      at = lines.indexOf(PRUNED, line.end);
    }
    return count;
  }

  private *candidates(lines: Buffer): Generator<Line> {
    const [driver, ...others] = this.groups;
    if (!driver) {
      for (let start = 0; start < lines.length;) {
        const line = lineAround(lines, start);
        yield line;
        start = line.end + 1;
      }
      return;
    }
    const occurrences = new Occurrences(lines, [...driver, EMBEDDED_AS_TEXT]);
    for (let at = occurrences.next(0); at < lines.length;) {
      const line = lineAround(lines, at);
      const bytes = lines.subarray(line.start, line.end);
      if (others.every((group) => group.some((needle) => bytes.includes(needle))) || bytes.includes(EMBEDDED_AS_TEXT)) yield line;
      at = occurrences.next(line.end);
    }
  }
}

interface Line {
  readonly start: number;
  readonly end: number;
}

/** Where any of several texts comes next; each is looked for once, whatever the number of the others' occurrences. */
class Occurrences {
  private readonly found: number[];

  constructor(
    private readonly bytes: Buffer,
    private readonly needles: readonly Buffer[],
  ) {
    this.found = needles.map(() => -1);
  }

  /** The bytes' length when there is none. */
  next(from: number): number {
    let nearest = this.bytes.length;
    for (const [i, needle] of this.needles.entries()) {
      if ((this.found[i] as number) < from) {
        const at = this.bytes.indexOf(needle, from);
        this.found[i] = at < 0 ? this.bytes.length : at;
      }
      nearest = Math.min(nearest, this.found[i] as number);
    }
    return nearest;
  }
}

function lineAround(lines: Buffer, at: number): Line {
  return { start: at === 0 ? 0 : lines.lastIndexOf(NEWLINE, at - 1) + 1, end: lines.indexOf(NEWLINE, at) };
}

const lastLine = (lines: Buffer): Line => lineAround(lines, lines.length - 1);

function recordOf(lines: Buffer, { start, end }: Line): RecordLine {
  const record = decodeRecord(lines.subarray(start, end));
  if (record) return record;
  throw new ArchiveBroken(`A line of the archive is not a record: ${lines.toString('utf8', start, Math.min(end, start + 80))} …`);
}

const placeOf = (partition: number, { seq, generation }: RecordLine, index: number): EventPlace => ({
  partition,
  position: { seq, generation },
  index,
});

export const textOf = (body: Uint8Array): string => Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
