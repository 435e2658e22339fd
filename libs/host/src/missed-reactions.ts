import { decodeCommit, eventId, LogUnavailable } from '@torch/log';
import { BesideLoop } from './beside-loop';
import { readBehind, type RebuildParts } from './project-rebuild';
import type { ForeignEvent } from './turn';

/** Commits that may be left to read when the rest is read within a turn: what other services have appended just now. */
const REST_COMMITS_MAX = 20;

/**
 * What other services did in a project while nothing was decided for it, to be reacted to in order. It is read beside the owner's loop, a
 * page at a time; a turn takes what is there.
 */
export class MissedReactions<State> {
  private events: ForeignEvent[] = [];
  private readonly reading: BesideLoop;

  /** @param throughSeq up to where everything has been reacted to */
  constructor(
    private readonly parts: RebuildParts<State>,
    private readonly project: string,
    private throughSeq: number,
    onRead: () => void,
  ) {
    this.reading = new BesideLoop(parts, onRead);
  }

  /** There is something for a turn to do. */
  get ready(): boolean {
    return !this.reading.busy;
  }

  abandon(): void {
    this.reading.abandon();
  }

  /** The next event, if it has been read. @throws whatever reading failed by. */
  take(): ForeignEvent | undefined {
    this.reading.check();
    return this.events.shift();
  }

  /**
   * To be asked when there is no next event: true when there is none up to `seq`. Otherwise what is left is read, the last few commits at
   * once, others beside the loop.
   */
  async isOverAt(seq: number): Promise<boolean> {
    this.reading.check();
    if (this.throughSeq >= seq || this.parts.definition.reactions.size === 0) return true;
    if (seq - this.throughSeq > REST_COMMITS_MAX) this.reading.start(() => this.page(seq));
    else await this.page(seq).catch(ignoreUnavailable);
    return this.throughSeq >= seq && this.events.length === 0;
  }

  private async page(seq: number): Promise<void> {
    const { config, partition, definition } = this.parts;
    const entries = await readBehind(this.parts, this.throughSeq, Math.min(config.readEntriesMax, seq - this.throughSeq));
    const wanted = (type: string, service: string): boolean => service !== definition.service && definition.reactions.has(type);
    for (const entry of entries) {
      const { position, events, indexes } = decodeCommit(entry, wanted);
      for (const [i, event] of events.entries()) {
        const id = eventId({ partition, position, index: indexes?.[i] ?? i });
        if (event.project === this.project) this.events.push({ event, id, seq: position.seq });
      }
      this.throughSeq = position.seq;
    }
    if (entries.length === 0) this.throughSeq = seq;
  }
}

function ignoreUnavailable(error: unknown): void {
  if (!(error instanceof LogUnavailable)) throw error;
}
