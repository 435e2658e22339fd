import type { LogServer } from '@torch/log';
import type { Figure } from './figure';

/** What a bench gets: a log server of its own, real, started for this bench. */
export interface BenchContext {
  /** A connected adapter; closed by whoever asked for it. */
  readonly connect: () => Promise<LogServer>;
  /** Of the same server, for peers. */
  readonly newUrl: () => string;
  /** How often each side is measured; the median counts. */
  readonly rounds: number;
  readonly progress: (line: string) => void;
}

export interface Bench {
  /** The figures that it gives. */
  readonly names: readonly string[];
  readonly run: (context: BenchContext) => Promise<readonly Figure[]>;
}
