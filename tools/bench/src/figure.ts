/** One line of the bench: what Torch does beside what its peer does, measured in turns within the same run. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is compared with; absent where nothing comparable exists. */
  readonly peer?: string;
  readonly peerValue?: number;
  /** Of Torch to its peer; above 1 is better for rates, below 1 for times. */
  readonly ratio?: number;
  /** What has to hold, in words. */
  readonly bar: string;
  readonly ok: boolean;
}

/** The middle of the values; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('The median of nothing.');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** The smallest value that at least `percent` of all are not above. */
export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) throw new RangeError('A percentile of nothing.');
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] as number;
}

interface Rates {
  readonly name: string;
  readonly unit: string;
  readonly peer: string;
  readonly torch: readonly number[];
  readonly peers: readonly number[];
  /** Least ratio. */
  readonly atLeast: number;
}

/** A rate against its peer's: the ratio of the medians has to reach the bar. */
export function rateFigure({ name, unit, peer, torch, peers, atLeast }: Rates): Figure {
  const [value, peerValue] = [median(torch), median(peers)];
  const ratio = value / peerValue;
  return { name, value, unit, peer, peerValue, ratio, bar: `≥ ${atLeast.toFixed(1)}× the peer`, ok: ratio >= atLeast };
}

interface Time {
  readonly name: string;
  readonly values: readonly number[];
  readonly atMostMs?: number;
  readonly peer?: { readonly name: string; readonly values: readonly number[] };
}

/** A time in ms that has to stay below its bar. */
export function timeFigure({ name, values, atMostMs, peer }: Time): Figure {
  const value = median(values);
  const peerValue = peer && median(peer.values);
  return {
    name,
    value,
    unit: 'ms',
    peer: peer?.name,
    peerValue,
    ratio: peerValue === undefined ? undefined : value / peerValue,
    bar: atMostMs === undefined ? 'none: for information' : `≤ ${atMostMs} ms`,
    ok: atMostMs === undefined || value <= atMostMs,
  };
}

interface Level {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
}

/** A value without a peer that has to reach its bar; without a bar, for information. */
export function floorFigure({ name, unit, values, atLeast }: Level & { readonly atLeast?: number }): Figure {
  const value = median(values);
  const bar = atLeast === undefined ? 'none: for information' : `≥ ${atLeast} ${unit}`;
  return { name, value, unit, bar, ok: atLeast === undefined || value >= atLeast };
}

/** A value without a peer that has to stay below its bar; without a bar, for information. */
export function ceilingFigure({ name, unit, values, atMost }: Level & { readonly atMost?: number }): Figure {
  const value = median(values);
  const bar = atMost === undefined ? 'none: for information' : `≤ ${atMost} ${unit}`;
  return { name, value, unit, bar, ok: atMost === undefined || value <= atMost };
}
