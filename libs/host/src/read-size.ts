/** Characters that one read is to bring, about: decoding them keeps everything else waiting. */
const READ_CHARS = 1024 * 1024;
/** A read that failed may have been too large to be answered in time. */
const SMALLER_AFTER_FAILURE = 4;

interface Sized {
  readonly body: string;
}

/**
 * How many entries to read at a time, of the log or of a queue: they have from a hundred bytes to a MiB, and those that follow each
 * other are alike.
 */
export class ReadSize {
  private entries = 16;

  /** `ask` for as many entries as are a MiB or so, `entriesMax` at most; with whether there may be more behind them. */
  async read<Entry extends Sized>(
    entriesMax: number,
    ask: (entries: number) => Promise<readonly Entry[]>,
  ): Promise<{ readonly entries: readonly Entry[]; readonly mayHaveMore: boolean }> {
    const asked = this.next(entriesMax);
    try {
      const entries = await ask(asked);
      this.note(entries, asked);
      return { entries, mayHaveMore: entries.length === asked };
    } catch (error) {
      this.failed();
      throw error;
    }
  }

  next(entriesMax: number): number {
    return Math.max(1, Math.min(entriesMax, this.entries));
  }

  /** `asked`: so many were asked for. */
  note(found: readonly Sized[], asked: number): void {
    if (found.length === 0) return;
    const chars = found.reduce((sum, { body }) => sum + body.length, 0);
    const fitting = Math.floor((READ_CHARS * found.length) / chars);
    // Less at once, more step by step: a few small entries say little about the next ones.
    this.entries = Math.max(1, Math.min(fitting, 4 * asked));
  }

  failed(): void {
    this.entries = Math.max(1, Math.floor(this.entries / SMALLER_AFTER_FAILURE));
  }
}
