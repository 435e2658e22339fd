import { KIND_DEFAULT, type TaskSpec } from '@torch/contracts';

/** What one earlier attempt counts after each further one. */
export const RECORD_DECAY = 0.98;
/** Kinds of work that an agent is remembered for; of more, the one with the least behind it is forgotten. */
export const KINDS_MAX = 64;

/** Attempts of one kind of work, each counted less with every later one. */
export interface Tally {
  succeeded: number;
  failed: number;
}

export type TrackRecord = Map<string, Tally>;
export type EncodedRecord = readonly (readonly [kind: string, succeeded: number, failed: number])[];

export const kindOf = ({ kind }: Pick<TaskSpec, 'kind'>): string => kind ?? KIND_DEFAULT;

export function recordAttempt(record: TrackRecord, kind: string, outcome: 'completed' | 'failed'): void {
  const { succeeded, failed } = record.get(kind) ?? NOTHING;
  const tally = { succeeded: succeeded * RECORD_DECAY, failed: failed * RECORD_DECAY };
  if (outcome === 'completed') tally.succeeded++;
  else tally.failed++;
  record.set(kind, tally);
  if (record.size > KINDS_MAX) record.delete(leastKnown(record));
}

/** Laplace's rule of succession, so that a newcomer starts at one half. */
export function successRateOf(record: TrackRecord | undefined, kind: string): number {
  const { succeeded, failed } = record?.get(kind) ?? NOTHING;
  return (succeeded + 1) / (succeeded + failed + 2);
}

export const encodeRecord = (record: TrackRecord): EncodedRecord =>
  [...record].map(([kind, { succeeded, failed }]) => [kind, succeeded, failed] as const).sort(([a], [b]) => (a < b ? -1 : 1));

export const decodeRecord = (encoded: EncodedRecord): TrackRecord =>
  new Map(encoded.map(([kind, succeeded, failed]) => [kind, { succeeded, failed }]));

const NOTHING: Readonly<Tally> = { succeeded: 0, failed: 0 };

function leastKnown(record: TrackRecord): string {
  let least = '';
  let weight = Infinity;
  for (const [kind, { succeeded, failed }] of record) {
    const its = succeeded + failed;
    if (its > weight || (its === weight && kind > least)) continue;
    least = kind;
    weight = its;
  }
  return least;
}
