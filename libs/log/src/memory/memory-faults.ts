import { LogUnavailable } from '../log.errors';
import { parsePosition, START } from '../position';
import type { MemoryStore } from './memory-store';

export type Operation =
  | 'append'
  | 'read'
  | 'head'
  | 'first'
  | 'trim'
  | 'setTrimGuard'
  | 'trimGuards'
  | 'acquire'
  | 'renew'
  | 'release'
  | 'holder'
  | 'send'
  | 'readCommands'
  | 'holdsCommands'
  | 'trimCommands'
  | 'getCache'
  | 'setCache'
  | 'publish'
  | 'listen'
  | 'identity'
  | 'gate'
  | 'mark'
  | 'archived'
  | 'replicas'
  | 'time';

/** `before`: nothing has happened yet. `after`: it has taken effect, and the caller does not know. */
export type Phase = 'before' | 'after';

/**
 * Called around every operation of every client; what it throws is what the caller gets, and what it awaits delays
 * the effect or the answer. A simulator decides here, from its seed, what goes wrong.
 */
export type Interceptor = (operation: Operation, phase: Phase, partition: number | undefined) => void | Promise<void>;

/** Everything that can go wrong with an in-memory log server, at will. */
export class MemoryFaults {
  intercept: Interceptor | undefined;
  private readonly failures: { operation: Operation; phase: Phase }[] = [];
  private away = false;
  private readonly returnListeners = new Set<() => void>();

  constructor(private readonly store: MemoryStore) {}

  /** The next `operation` fails with an unknown outcome: `before` it took effect, or `after`. */
  failNext(operation: Operation, phase: Phase): void {
    this.failures.push({ operation, phase });
  }

  /** Every operation fails without effect, until `comeBack`. */
  goAway(): void {
    this.away = true;
  }

  comeBack(): void {
    this.away = false;
    for (const listener of [...this.returnListeners]) listener();
  }

  /** The log server is started anew: with all it had, with an earlier `snapshot` of the store, or `empty`. */
  restart(data: 'whole' | 'empty' | { readonly snapshot: unknown } = 'whole'): void {
    if (data === 'empty') this.store.empty();
    else if (data !== 'whole') this.store.restore(data.snapshot);
    this.store.restart();
    this.comeBack();
  }

  get isAway(): boolean {
    return this.away;
  }

  onReturn(listener: () => void): () => void {
    this.returnListeners.add(listener);
    return () => this.returnListeners.delete(listener);
  }

  /** Forgets the end of the log: `lastSeq` is the last that is left. */
  loseTail(partition: number, lastSeq: number): void {
    const data = this.store.partition(partition);
    data.entries = data.entries.filter(({ position }) => position.seq <= lastSeq);
    data.head = data.entries.at(-1)?.position ?? START;
  }

  /** Takes one entry out of the middle. */
  removeEntry(partition: number, position: string): void {
    const { seq } = parsePosition(position);
    const data = this.store.partition(partition);
    data.entries = data.entries.filter((entry) => entry.position.seq !== seq);
  }

  /** Runs one operation with whatever goes wrong around it. The effect itself is atomic. */
  async around<T>(operation: Operation, partition: number | undefined, effect: () => T): Promise<T> {
    await this.intercept?.(operation, 'before', partition);
    if (this.away) throw new LogUnavailable(`The log server is away: ${operation} was not sent.`, false);
    this.failWhenDue(operation, 'before');
    const result = effect();
    this.failWhenDue(operation, 'after');
    await this.intercept?.(operation, 'after', partition);
    return result;
  }

  private failWhenDue(operation: Operation, phase: Phase): void {
    const index = this.failures.findIndex((failure) => failure.operation === operation && failure.phase === phase);
    if (index < 0) return;
    this.failures.splice(index, 1);
    throw new LogUnavailable(`The connection was lost during ${operation}.`, true);
  }
}
