import type { Amounts } from '@torch/contracts';
import { saturatingAdd } from '@torch/kernel';

/**
 * Amounts in whole numbers: tokens, millionths of a US dollar, milliseconds. Sums of them are exact, whatever their order, so that a
 * replay and a restored snapshot come to the same; they saturate at what `Amounts` holds.
 */
export interface Sums {
  readonly tokens: number;
  readonly micros: number;
  readonly wallMs: number;
}
export type Dimension = keyof Sums;
export const DIMENSIONS: readonly Dimension[] = ['tokens', 'micros', 'wallMs'];

const MICROS_PER_USD = 1_000_000;
/** The most money that `Amounts` holds: a billion US dollars. */
const MICROS_MAX = 1_000_000_000 * MICROS_PER_USD;
export const microsOf = (usd: number): number => Math.round(usd * MICROS_PER_USD);
export const addMicros = (...micros: readonly number[]): number => Math.min(saturatingAdd(...micros), MICROS_MAX);
export const plus = (a: Sums, b: Sums): Sums => ({
  tokens: saturatingAdd(a.tokens, b.tokens),
  micros: addMicros(a.micros, b.micros),
  wallMs: saturatingAdd(a.wallMs, b.wallMs),
});
export const usdOf = (micros: number): number => micros / MICROS_PER_USD;

/** Undefined when nothing is given. */
export function sumsOf(amounts: Amounts | undefined): Partial<Sums> | undefined {
  if (!amounts) return undefined;
  const { tokens, costUsd, wallMs } = amounts;
  const sums = {
    ...(tokens === undefined ? {} : { tokens }),
    ...(costUsd === undefined ? {} : { micros: microsOf(costUsd) }),
    ...(wallMs === undefined ? {} : { wallMs }),
  };
  return Object.keys(sums).length > 0 ? sums : undefined;
}

export const amountsOf = ({ tokens, micros, wallMs }: Sums): Amounts => ({ tokens, costUsd: usdOf(micros), wallMs });

/** `120 of 100 tokens`. */
export function inWords(dimension: Dimension, part: number, whole: number): string {
  if (dimension === 'micros') return `${usdOf(part)} of ${usdOf(whole)} USD`;
  return `${part} of ${whole} ${dimension === 'tokens' ? 'tokens' : 'ms of attempts'}`;
}
