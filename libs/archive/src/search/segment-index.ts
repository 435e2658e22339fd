import { createHash } from 'node:crypto';
import { decodeRecord } from '@torch/domain-audit';
import { ArchiveBroken } from '../archive.errors';
import { eachLine } from '../segment-lines.reader';
import { BloomFilter } from './bloom';
import { readCommit } from './commit-scan';
import { type EventFilter, subjectPrefix } from './event-filter';
import { textOf } from './line-scan';

/** Another format is not read, and built anew. */
const FORMAT = 1;

/** What a search needs to know of a sealed segment to leave it out. Built from the segment alone. */
export interface SegmentIndex {
  /** Of the segment's file: an index belongs to these bytes and no others. */
  readonly sha256: string;
  readonly values: BloomFilter;
  /** Records without content. */
  readonly pruned: number;
}

const keyOf = (field: 'type' | 'actor' | 'subject' | 'kind' | 'correlation', value: string): string => `${field} ${value}`;

/** What a subject is about: `task` of `task/t1`. Undefined without a slash. */
function kindOf(subject: string): string | undefined {
  const slash = subject.indexOf('/');
  return slash < 0 ? undefined : subject.slice(0, slash);
}

/** Gathers an index from a segment's lines. */
export class SegmentIndexing {
  private readonly values = new Set<string>();
  private pruned = 0;

  /** @throws ArchiveBroken when a line is not a record, or a record no commit. */
  add(lines: Buffer): void {
    eachLine(lines, (line) => this.addLine(line));
  }

  async finish(sha256: string): Promise<SegmentIndex> {
    return { sha256, values: await BloomFilter.of(this.values), pruned: this.pruned };
  }

  private addLine(line: Buffer): void {
    const record = decodeRecord(line);
    if (!record) throw new ArchiveBroken(`A line of the archive is not a record: ${line.toString('utf8', 0, 80)} …`);
    if (!record.body) {
      this.pruned++;
      return;
    }
    for (const { type, actor, subject, correlationId } of readCommit(record, textOf(record.body)).events) {
      this.values.add(keyOf('type', type)).add(keyOf('actor', actor)).add(keyOf('correlation', correlationId));
      this.values.add(keyOf('subject', subject));
      const kind = kindOf(subject);
      if (kind !== undefined) this.values.add(keyOf('kind', kind));
    }
  }
}

/** False when no event of the segment fits. */
export function mayHoldEvents({ values }: SegmentIndex, { types, actor, subject, correlationId }: EventFilter): boolean {
  return (
    (types === undefined || types.some((type) => values.mayHold(keyOf('type', type)))) &&
    (actor === undefined || values.mayHold(keyOf('actor', actor))) &&
    (correlationId === undefined || values.mayHold(keyOf('correlation', correlationId))) &&
    (subject === undefined || mayHoldSubject(values, subject))
  );
}

function mayHoldSubject(values: BloomFilter, subject: string): boolean {
  const prefix = subjectPrefix(subject);
  if (prefix === undefined) return values.mayHold(keyOf('subject', subject));
  const kind = kindOf(prefix);
  return kind === undefined || values.mayHold(keyOf('kind', kind));
}

/** One line for the facts, bound to their own hash so that a damaged index is found. */
export function encodeIndex({ sha256, values, pruned }: SegmentIndex): string {
  const facts = JSON.stringify({ format: FORMAT, sha256, pruned, values: values.encode() });
  return `${hashOf(facts)}\n${facts}\n`;
}

/** Undefined when the text is not an index, or not one of the segment file with this SHA-256. */
export function decodeIndex(text: string, sha256: string): SegmentIndex | undefined {
  const [hash, facts, rest] = text.split('\n');
  if (facts === undefined || rest !== '' || hash !== hashOf(facts)) return undefined;
  const { format, values, ...index } = JSON.parse(facts) as { format: number; values: string } & Omit<SegmentIndex, 'values'>;
  return format === FORMAT && index.sha256 === sha256 ? { ...index, values: BloomFilter.decode(values) } : undefined;
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
