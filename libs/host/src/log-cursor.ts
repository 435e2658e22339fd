import { type Log, type LogEntry, LogRegressed, type Position, START } from '@torch/log';
import { ReadSize } from './read-size';

/** Where a reader stands in one partition, and the proof that the log is still the one that it has read. */
export class LogCursor {
  private noted: LogEntry | undefined;
  private readonly size = new ReadSize();
  /** The last read brought as many entries as it had asked for. */
  mayHaveMore = true;

  constructor(
    private readonly log: Log,
    readonly partition: number,
  ) {}

  /** The furthest entry that was read or appended, by whoever made the snapshot that was started from. */
  get furthest(): LogEntry | undefined {
    return this.noted;
  }

  get seen(): Position {
    return this.noted?.position ?? START;
  }

  /** See `ReadSize.read`. */
  async read(afterSeq: number, entriesMax: number): Promise<readonly LogEntry[]> {
    const { entries, mayHaveMore } = await this.size.read(entriesMax, (count) => this.log.read(this.partition, afterSeq, count));
    this.mayHaveMore = mayHaveMore;
    const last = entries[entries.length - 1];
    if (last && last.position.seq >= this.seen.seq) this.note(last);
    return entries;
  }

  note(entry: LogEntry): void {
    this.noted = entry;
  }

  /** Forgets what was seen, to start again with what the log holds now. */
  reset(): void {
    this.noted = undefined;
  }

  /**
   * To be called after every reconnect, before anything is sent: a server that came back with less than it had, or with
   * another history, is found here.
   *
   * @throws LogRegressed
   */
  async verify(): Promise<void> {
    if (!this.noted) return;
    const { position, body } = this.noted;
    const head = await this.log.head(this.partition);
    if (head.seq < position.seq) throw new LogRegressed(this.partition, position, head);
    const [found] = await this.log.read(this.partition, position.seq - 1, 1);
    if (!found || found.position.generation !== position.generation || found.body !== body)
      throw new LogRegressed(this.partition, position, found?.position ?? head);
  }
}
