import { LogUnavailable } from '@torch/log';
import { DeadlineExceeded } from './client';
import type { Answer, QueryAnswer } from './envelope';
import { type HostClock } from './host.clock';

/** Whoever waits for the answer to one request, until its deadline. */
export class Asker {
  private readonly whenOver = new Set<() => void>();
  private isOver = false;
  /** What a try has met that may pass: told at the deadline, since it says more than that there was no answer. */
  trouble: Error | undefined;

  constructor(
    readonly answered: (answer: Answer | QueryAnswer) => void,
    readonly failed: (error: unknown) => void,
  ) {}

  get over(): boolean {
    return this.isOver;
  }

  answer(answer: Answer | QueryAnswer): void {
    if (this.end()) this.answered(answer);
  }

  fail(error: unknown): void {
    if (this.end()) this.failed(error);
  }

  /** Calls back once, when nobody waits any more. @returns how to call that off. */
  onOver(call: () => void): () => void {
    this.whenOver.add(call);
    return () => void this.whenOver.delete(call);
  }

  /** Resolves after `ms`, or as soon as nobody waits any more. */
  pause(clock: HostClock, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const callOff = this.onOver(() => {
        cancel();
        resolve();
      });
      const cancel = clock.after(ms, () => {
        callOff();
        resolve();
      });
    });
  }

  private end(): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    for (const call of this.whenOver) call();
    return true;
  }
}

/** Everybody who waits for an answer, by the id that the answer will have. Bounded. */
export class WaitingAskers {
  private readonly byId = new Map<string, Set<Asker>>();
  private count = 0;

  constructor(
    private readonly clock: HostClock,
    private readonly askersMax: number,
  ) {}

  /**
   * Resolves with the answer. `send` is to send the request, and to send it again, until the asker is over.
   *
   * @throws LogUnavailable when too many wait already; DeadlineExceeded, or what the asker has met instead.
   */
  ask(id: string, request: { readonly what: string; readonly deadlineMs: number }, send: (asker: Asker) => void) {
    const { what, deadlineMs } = request;
    return new Promise<Answer | QueryAnswer>((answered, failed) => {
      const late = (): Error => asker.trouble ?? new DeadlineExceeded(what, deadlineMs);
      const asker = new Asker(answered, failed);
      if (this.count >= this.askersMax) return failed(new LogUnavailable(`${this.askersMax} requests wait for an answer already.`, false));
      if (deadlineMs <= 0) return failed(late());
      this.add(id, asker);
      asker.onOver(this.clock.after(deadlineMs, () => asker.fail(late())));
      send(asker);
    });
  }

  answer(answer: Answer | QueryAnswer): void {
    this.byId.get(answer.id)?.forEach((asker) => asker.answer(answer));
  }

  private add(id: string, asker: Asker): void {
    const all = this.byId.get(id) ?? new Set();
    this.byId.set(id, all.add(asker));
    this.count++;
    asker.onOver(() => {
      this.count--;
      all.delete(asker);
      if (all.size === 0) this.byId.delete(id);
    });
  }
}
