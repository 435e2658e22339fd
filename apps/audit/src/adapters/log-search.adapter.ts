import { setImmediate as nextRound } from 'node:timers/promises';
import { type CompiledFilter, type FoundEvent, type Room, scanCommit } from '@torch/archive';
import { COMMIT_END_INDEX, type EventPlace, type Log, LogRegressed } from '@torch/log';

/** Longest stretch without letting others of this process go on. */
const STRETCH_MS = 10;

export interface LogSearchParts {
  readonly log: Log;
  readonly partition: number;
  readonly filter: CompiledFilter;
  readonly readEntriesMax: number;
  /** On the clock of `performance.now()`. */
  readonly untilMs: number;
}

export interface LogSearched {
  /** Everything up to here has been searched; `after` when the log has nothing behind it. */
  readonly through: EventPlace | undefined;
  /** The end of the log was reached. */
  readonly isEnd: boolean;
}

/** Searches what the log holds behind the archive's end. */
export class LogSearch {
  private stretchUntilMs = 0;

  constructor(private readonly parts: LogSearchParts) {}

  /**
   * Adds what fits to `found`.
   *
   * @param archivedSeq where the archive ends.
   * @throws LogUnavailable; Gap when the log does not reach back to the archive's end.
   */
  async find(archivedSeq: number, room: Room, found: FoundEvent[]): Promise<LogSearched> {
    const { log, partition, readEntriesMax, untilMs, filter } = this.parts;
    const { seq: endSeq } = await log.head(partition);
    let seq = await this.firstSeq(archivedSeq);
    let through = filter.after;
    while (seq < endSeq) {
      const entries = await log.read(partition, seq, readEntriesMax);
      for (const { position, body } of entries) {
        const last = scanCommit({ partition, position, body }, filter, room, found);
        if (last) return { through: last, isEnd: false };
        const place = { partition, position, index: COMMIT_END_INDEX };
        if (filter.isBehind(place)) through = place;
        seq = position.seq;
        await this.letOthersGoOn();
      }
      if (performance.now() >= untilMs && through !== filter.after) return { through, isEnd: false };
    }
    return { through, isEnd: true };
  }

  /**
   * A question that goes on behind a place in the log need not read from the archive's end again, if that place is in the
   * log as it was: a lost tail's positions stand for something else now, or for nothing.
   */
  private async firstSeq(archivedSeq: number): Promise<number> {
    const { log, partition, filter } = this.parts;
    const { seq = 0, generation = 0 } = filter.after?.position ?? {};
    if (seq <= archivedSeq) return archivedSeq;
    const [entry] = await log.read(partition, seq - 1, 1).catch((error: unknown) => {
      if (error instanceof LogRegressed) return [];
      throw error;
    });
    return entry?.position.generation === generation ? seq - 1 : archivedSeq;
  }

  private async letOthersGoOn(): Promise<void> {
    if (performance.now() < this.stretchUntilMs) return;
    await nextRound();
    this.stretchUntilMs = performance.now() + STRETCH_MS;
  }
}
