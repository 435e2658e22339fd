import { type ChainPosition, positionOf, type SegmentSealed } from '@torch/domain-audit';
import type { CommitOutline } from './commit-outline';

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

  /** @param outline of the commit; undefined when retention has removed it. */
  add(position: ChainPosition, outline: CommitOutline | undefined): void {
    this.first ??= position;
    this.last = position;
    this.records++;
    if (!outline) return;
    const { events, projects, recordedAtMs } = outline;
    this.events += events;
    for (const project of projects) this.projects.add(project);
    if (recordedAtMs === undefined) return;
    this.fromMs = Math.min(this.fromMs, recordedAtMs);
    this.toMs = Math.max(this.toMs, recordedAtMs);
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
