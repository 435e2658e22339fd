import type { ExhaustibleScope } from '@torch/contracts';
import { OrderedSet, saturatingAdd } from '@torch/kernel';
import { addMicros, type Sums } from './amounts';
import { Reserved } from './reserved';
import { type Delta, reservedWallMs, type Spending, spendsMoney } from './spending';

export const DAY_MS = 86_400_000;
/** UTC. */
export const midnightBefore = (atMs: number): number => Math.floor(atMs / DAY_MS) * DAY_MS;

export type EncodedAccount = readonly [key: string, tokens: number, micros: number, wallMs: number, asOfMs: number];

/**
 * What counts against one budget: what has been used, and what live attempts have reserved. Time passes for all of them at once, so
 * that `wallMs` stands for the moment `asOfMs`, and grows by one each millisecond for each live attempt. A clock that has gone back
 * counts nothing until it is where it was.
 */
export class Account {
  tokens = 0;
  micros = 0;
  wallMs = 0;
  asOfMs = 0;
  /** Derived. */
  limit: Partial<Sums> | undefined;
  /** Derived: the live attempts, and of them those that cost tokens or money. */
  readonly live = new Set<Spending>();
  readonly spenders = new OrderedSet<Spending>((a, b) => a.taskId < b.taskId);
  /** Derived: what they have reserved. */
  readonly reserved = new Reserved();
  /** Derived: when time runs out; place among the accounts for which it will, or -1. */
  runsOutAtMs = Infinity;
  heapIndex = -1;

  constructor(
    readonly scope: ExhaustibleScope,
    /** Of the agent, or the task; empty for the project and the day. */
    readonly name = '',
  ) {}

  get key(): string {
    return this.name === '' ? this.scope : `${this.scope}/${this.name}`;
  }

  usedAt(nowMs: number): Sums {
    const { tokens, micros, wallMs, asOfMs, live } = this;
    const midnight = midnightBefore(nowMs);
    if (this.scope === 'day' && midnight > asOfMs) return { tokens: 0, micros: 0, wallMs: live.size * (nowMs - midnight) };
    return { tokens, micros, wallMs: saturatingAdd(wallMs, live.size * Math.max(0, nowMs - asOfMs)) };
  }

  /** Costs time in proportion to the live attempts: those that have an estimate of their time use it up as it passes. */
  reservedAt(nowMs: number): Sums {
    let wallMs = 0;
    if (this.limit?.wallMs !== undefined) for (const spending of this.live) wallMs = saturatingAdd(wallMs, reservedWallMs(spending, nowMs));
    return { tokens: this.reserved.tokensBeside(0), micros: this.reserved.microsBeside(0), wallMs };
  }

  join(spending: Spending, atMs: number): void {
    this.advance(atMs);
    this.reserve(spending, 1);
    this.live.add(spending);
    if (spendsMoney(spending)) this.spenders.add(spending);
  }

  leave(spending: Spending, atMs: number): void {
    this.advance(atMs);
    this.reserve(spending, -1);
    this.live.delete(spending);
    this.spenders.delete(spending);
  }

  add({ input, output, micros }: Delta, atMs: number): void {
    this.advance(atMs);
    this.tokens = saturatingAdd(this.tokens, input, output);
    this.micros = addMicros(this.micros, micros);
  }

  /** Called before and after the attempt's own numbers change. */
  reserve(spending: Spending, sign: 1 | -1): void {
    this.reserved.change(spending, sign);
    if (sign > 0 && this.live.has(spending) && spendsMoney(spending)) this.spenders.add(spending);
  }

  get isOverdrawn(): boolean {
    const { limit, tokens, micros } = this;
    return limit !== undefined && (tokens > (limit.tokens ?? Infinity) || micros > (limit.micros ?? Infinity));
  }

  /** When the time that is left is used up, if all live attempts go on and no other begins. */
  endOfTimeMs(): number {
    const { live, limit, asOfMs, wallMs } = this;
    if (limit?.wallMs === undefined || live.size === 0) return Infinity;
    const atMs = asOfMs + Math.max(0, Math.ceil((limit.wallMs - wallMs) / live.size));
    if (this.scope !== 'day') return atMs;
    const nextMidnight = midnightBefore(asOfMs) + DAY_MS;
    if (atMs < nextMidnight) return atMs;
    const dayMs = Math.ceil(limit.wallMs / live.size);
    return dayMs < DAY_MS ? nextMidnight + dayMs : Infinity;
  }

  encode(): EncodedAccount {
    const { key, tokens, micros, wallMs, asOfMs } = this;
    return [key, tokens, micros, wallMs, asOfMs];
  }

  restore([, tokens, micros, wallMs, asOfMs]: EncodedAccount): void {
    Object.assign(this, { tokens, micros, wallMs, asOfMs });
  }

  private advance(atMs: number): void {
    const midnight = midnightBefore(atMs);
    if (this.scope === 'day' && midnight > this.asOfMs) {
      this.tokens = this.micros = this.wallMs = 0;
      this.asOfMs = midnight;
    }
    if (atMs <= this.asOfMs) return;
    this.wallMs = saturatingAdd(this.wallMs, this.live.size * (atMs - this.asOfMs));
    this.asOfMs = atMs;
  }
}
