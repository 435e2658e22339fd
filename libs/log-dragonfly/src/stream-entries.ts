/** What `XRANGE` answers: `[id, [field, value, …]]`. */
export type StreamEntry = readonly [id: string, fields: readonly string[]];

/** Entries of Torch have one field, `c`. */
export const FIELD = 'c';

export const bodyOf = ([, fields]: StreamEntry): string => fields[1] ?? '';
