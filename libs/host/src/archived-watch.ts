import { MinHeap } from '@torch/kernel';
import { type ArchivedState, formatPosition, Gap, LogRegressed, type LogServer, LogUnavailable, type Position } from '@torch/log';
import { NotDurable } from './durability';
import type { HostClock } from './host.clock';

/** While somebody waits, the archive is also asked how far it is: what it tells may be missed. */
const ASK_AGAIN_MS = 250;

interface Waiting {
  readonly position: Position;
  readonly done: (reached: 'archived' | 'lost') => void;
  readonly failed: (error: Error) => void;
  ended: boolean;
}

const byPosition = (): MinHeap<Waiting> => new MinHeap<Waiting>((a, b) => a.position.seq < b.position.seq);

const isBefore = (a: Position, b: Position): boolean => a.generation < b.generation || (a.generation === b.generation && a.seq < b.seq);

/** Waits, for any number of commands on one partition, until the archive has them. */
export class ArchivedWatch {
  private known: ArchivedState | undefined;
  private waiting = byPosition();
  /** Of those that wait, the ones whose deadline has not passed. */
  private open = 0;
  /** Of an older generation than the archive is in: the log says whether they are still there. */
  private doubtful: Waiting[] = [];
  private listening: Promise<() => Promise<void>> | undefined;
  private cancelTimer: (() => void) | undefined;

  constructor(
    private readonly server: LogServer,
    private readonly partition: number,
    private readonly clock: HostClock,
  ) {}

  /**
   * `lost` when a recovered log goes on without `position`.
   *
   * @throws NotDurable as soon as the archive says that it does not advance, or at the deadline.
   */
  reached(position: Position, deadlineAtMs: number): Promise<'archived' | 'lost'> {
    return new Promise((done, failed) => {
      const end = (): void => {
        if (waiting.ended) return;
        waiting.ended = true;
        cancelTimer();
        if (--this.open === 0) this.forgetEnded();
      };
      const waiting: Waiting = {
        position,
        ended: false,
        done: (reached) => {
          end();
          done(reached);
        },
        failed: (error) => {
          end();
          failed(error);
        },
      };
      const cancelTimer = this.clock.after(Math.max(0, deadlineAtMs - this.clock.nowMs()), () =>
        waiting.failed(this.notArchived(waiting, 'the archive has not said so in time.')),
      );
      this.open++;
      this.waiting.push(waiting);
      this.listen();
      if (this.known) this.take(this.known);
      this.askAgainLater();
    });
  }

  /** The connection was lost and is there again. */
  refresh(): void {
    if (this.open > 0) void this.ask();
  }

  async close(): Promise<void> {
    this.cancelTimer?.();
    await (
      await this.listening?.catch(() => undefined)
    )?.();
  }

  /** While the archive does not advance, nothing else would. */
  private forgetEnded(): void {
    this.waiting = byPosition();
    this.doubtful = [];
  }

  private listen(): void {
    this.listening ??= this.server.archived.listen(this.partition, (state) => this.take(state));
    this.listening.catch(() => (this.listening = undefined)); // It is asked again; the next to come listens.
  }

  private askAgainLater(): void {
    this.cancelTimer ??= this.clock.after(ASK_AGAIN_MS, () => {
      this.cancelTimer = undefined;
      if (this.open === 0) return;
      void this.ask();
      this.askAgainLater();
    });
  }

  private async ask(): Promise<void> {
    try {
      const state = await this.server.archived.get(this.partition);
      if (state) this.take(state);
      await this.resolveDoubts();
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error; // It is asked again soon.
    }
  }

  private take(state: ArchivedState): void {
    const { position, failing } = state;
    if (this.known && isBefore(position, this.known.position)) return; // Told late.
    const everybody = failing !== undefined || position.generation > (this.known?.position.generation ?? -1);
    this.known = state;
    const concerned: Waiting[] = [];
    for (let next = this.waiting.peek(); next && (everybody || next.position.seq <= position.seq); next = this.waiting.peek()) {
      concerned.push(next);
      this.waiting.pop();
    }
    for (const waiting of concerned) if (!waiting.ended) this.settle(waiting, state);
    if (this.doubtful.length > 0) void this.resolveDoubts();
  }

  private settle(waiting: Waiting, { position, failing }: ArchivedState): void {
    const { seq, generation } = waiting.position;
    if (generation < position.generation) this.doubtful.push(waiting);
    else if (seq <= position.seq) waiting.done('archived');
    else if (failing !== undefined) waiting.failed(this.notArchived(waiting, `the archive does not advance: ${failing}`));
    else this.waiting.push(waiting);
  }

  /** The generation after a recovery begins behind all that survived, and the archive has reached it: what is there is archived. */
  private async resolveDoubts(): Promise<void> {
    const doubtful = this.doubtful;
    this.doubtful = [];
    for (const [index, waiting] of doubtful.entries()) {
      if (waiting.ended) continue;
      try {
        waiting.done((await stillThere(this.server, this.partition, waiting.position)) ? 'archived' : 'lost');
      } catch (error) {
        this.doubtful.push(...doubtful.slice(index)); // It is asked again soon.
        if (error instanceof LogUnavailable) return;
        throw error;
      }
    }
  }

  private notArchived({ position }: Waiting, reason: string): NotDurable {
    return new NotDurable('archived', formatPosition(position), reason);
  }
}

/** Whether the log has that commit, and no other one in its place. @throws LogUnavailable. */
export async function stillThere({ log }: Pick<LogServer, 'log'>, partition: number, position: Position): Promise<boolean> {
  try {
    if ((await log.head(partition)).seq < position.seq) return false;
    const [entry] = await log.read(partition, position.seq - 1, 1);
    return entry?.position.generation === position.generation;
  } catch (error) {
    if (error instanceof LogRegressed) return false; // Lost between the two.
    if (error instanceof Gap) return true; // Forgotten by a trim, which is only done below what the archive has.
    throw error;
  }
}
