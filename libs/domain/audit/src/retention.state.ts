import { Erasures } from './erasures';

export interface HoldState {
  readonly reason: string;
  /** Epoch ms. */
  readonly placedAtMs: number;
}

/** What is kept how long, what is held, and what was erased. The system's project has all of it. */
export interface RetentionState {
  /** By project; what is not here is kept for ever. */
  readonly days: Map<string, number>;
  /** By what is held: a project's name, or a data subject. */
  readonly holds: Map<string, HoldState>;
  readonly erasures: Erasures;
}

/** Erasures that are remembered: the one that was asked for first is forgotten first. */
export const ERASURES_MAX = 100_000;

export const emptyRetention = (): RetentionState => ({ days: new Map(), holds: new Map(), erasures: new Erasures(ERASURES_MAX) });
