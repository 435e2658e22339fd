import { type ChainPosition, positionOf, type SegmentSealed } from '@torch/domain-audit';

/** What a manifest line says about the content of a segment. */
export type SegmentContent = Pick<
  SegmentSealed,
  'firstSeq' | 'lastSeq' | 'firstPosition' | 'lastPosition' | 'records' | 'events' | 'projects' | 'fromMs' | 'toMs'
>;

/** Counts what is in a segment while it is written. */
export class SegmentTally {
  private records = 0;
  private events = 0;
  private readonly projects = new Set<string>();
  private fromMs = Number.MAX_SAFE_INTEGER;
  private toMs = 0;
  private first: ChainPosition | undefined;
  private last: ChainPosition | undefined;

  add(position: ChainPosition, body: string | undefined): void {
    this.first ??= position;
    this.last = position;
    this.records++;
    const { events, recordedAtMs } = body === undefined ? NOTHING : read(body);
    if (Array.isArray(events)) {
      this.events += events.length;
      for (const event of events as { project?: unknown }[]) if (typeof event?.project === 'string') this.projects.add(event.project);
    }
    if (Number.isSafeInteger(recordedAtMs)) {
      this.fromMs = Math.min(this.fromMs, recordedAtMs as number);
      this.toMs = Math.max(this.toMs, recordedAtMs as number);
    }
  }

  /** @throws RangeError while there is no record. */
  content(): SegmentContent {
    const { first, last } = this;
    if (!first || !last) throw new RangeError('A segment without records is not sealed.');
    return {
      firstSeq: first.seq,
      lastSeq: last.seq,
      firstPosition: positionOf(first),
      lastPosition: positionOf(last),
      records: this.records,
      events: this.events,
      projects: [...this.projects].sort(),
      fromMs: Math.min(this.fromMs, this.toMs),
      toMs: this.toMs,
    };
  }
}

interface Read {
  readonly events?: unknown;
  readonly recordedAtMs?: unknown;
}

const NOTHING: Read = {};

/** The archive keeps whatever the log holds, also what is no commit. */
function read(body: string): Read {
  try {
    const commit: unknown = JSON.parse(body);
    return commit !== null && typeof commit === 'object' ? commit : NOTHING;
  } catch {
    return NOTHING;
  }
}
