import { REFUSALS_TOO_MANY } from '@torch/contracts';

/** What makes refusals alike. `project`: as the address names it, or the system's. */
export interface RefusalKind {
  readonly project: string;
  readonly caller?: string;
  readonly method: string;
  readonly route: string;
  readonly code: string;
}

export interface Refusal extends RefusalKind {
  readonly detail: string;
  readonly network?: string;
}

export interface CountedRefusal extends Refusal {
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

interface Tally {
  refusal: Refusal;
  /** 0 while the window of what was taken last is still open. */
  count: number;
  firstAtMs: number;
  lastAtMs: number;
  dueAtMs: number;
}

export interface TallyLimits {
  /** Kinds that are told apart at a time; those beyond are counted together. */
  readonly kindsMax: number;
  /** The first refusal of a kind waits this long for others like it. */
  readonly gatherMs: number;
  /** From then on, a kind comes up at most once in this time. */
  readonly windowMs: number;
}

/** Counts refusals so that a flood of them becomes a few lines with numbers, and none goes missing. Memory is bounded by `kindsMax`. */
export class RefusalTallies {
  private readonly tallies = new Map<string, Tally>();

  constructor(
    private readonly limits: TallyLimits,
    /** The project to whom refusals of too many kinds belong. */
    private readonly overflowProject: string,
  ) {}

  add(refusal: Refusal, nowMs: number): void {
    this.count({ ...refusal, count: 1, firstAtMs: nowMs, lastAtMs: nowMs }, nowMs);
  }

  /** Refusals that could not be kept one by one, whatever their kind. */
  addOverflow(counted: Pick<CountedRefusal, 'count' | 'firstAtMs' | 'lastAtMs'>, nowMs: number): void {
    const detail = `Refusals that were counted only: of more than ${this.limits.kindsMax} kinds at a time, or more than could be recorded.`;
    this.into(OVERFLOW, { project: this.overflowProject, ...REFUSALS_TOO_MANY, detail }, counted, nowMs);
  }

  /** What is due, by kind, in the order of the first of each; `Infinity` takes everything. */
  take(nowMs: number): readonly CountedRefusal[] {
    const due: CountedRefusal[] = [];
    for (const [key, tally] of this.tallies) {
      if (tally.dueAtMs > nowMs) continue;
      const { refusal, count, firstAtMs, lastAtMs } = tally;
      if (count === 0) {
        this.tallies.delete(key);
        continue;
      }
      due.push({ ...refusal, count, firstAtMs, lastAtMs });
      tally.count = 0;
      tally.dueAtMs = nowMs + this.limits.windowMs;
    }
    return due;
  }

  /** Epoch ms; `Infinity` when nothing is counted. */
  get dueAtMs(): number {
    let first = Infinity;
    for (const { dueAtMs } of this.tallies.values()) first = Math.min(first, dueAtMs);
    return first;
  }

  /** Kinds that are remembered, that of the overflow included. */
  get size(): number {
    return this.tallies.size;
  }

  private count({ count, firstAtMs, lastAtMs, ...refusal }: CountedRefusal, nowMs: number): void {
    const { project, caller = '', method, route, code } = refusal;
    const key = JSON.stringify([project, caller, method, route, code]);
    if (!this.tallies.has(key) && this.kinds >= this.limits.kindsMax) this.addOverflow({ count, firstAtMs, lastAtMs }, nowMs);
    else this.into(key, refusal, { count, firstAtMs, lastAtMs }, nowMs);
  }

  private into(key: string, refusal: Refusal, counted: Pick<CountedRefusal, 'count' | 'firstAtMs' | 'lastAtMs'>, nowMs: number): void {
    const tally = this.tallies.get(key);
    if (!tally) {
      this.tallies.set(key, { refusal, ...counted, dueAtMs: nowMs + this.limits.gatherMs });
    } else if (tally.count === 0) {
      Object.assign(tally, { refusal, ...counted });
    } else {
      tally.count += counted.count;
      tally.firstAtMs = Math.min(tally.firstAtMs, counted.firstAtMs);
      tally.lastAtMs = Math.max(tally.lastAtMs, counted.lastAtMs);
    }
  }

  private get kinds(): number {
    return this.tallies.size - (this.tallies.has(OVERFLOW) ? 1 : 0);
  }
}

const OVERFLOW = '';
