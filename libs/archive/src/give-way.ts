import { setImmediate as nextRound } from 'node:timers/promises';

/** Lets others of this process have their turn in the midst of long work, each time that so much of it was done. */
export class GiveWay {
  private done = 0;

  /** @param every amount of work between two pauses, in whatever unit `after` is told: some ten milliseconds of it. */
  constructor(private readonly every: number) {}

  async after(amount: number): Promise<void> {
    this.done += amount;
    if (this.done < this.every) return;
    this.done = 0;
    await nextRound();
  }
}
