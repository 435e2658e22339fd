/** Before the first entry of a command queue. */
export const FIRST_ENTRY_ID = '0-0';

function split(id: string): readonly [ms: number, n: number] {
  const [, ms, n] = /^(\d{1,16})-(\d{1,16})$/.exec(id) ?? [];
  if (ms === undefined) throw new RangeError(`"${id}" is not the id of a command entry; expected <ms>-<n>.`);
  return [Number(ms), Number(n)];
}

/** Negative when `a` comes before `b`, 0 when they are the same. */
export function compareEntryIds(a: string, b: string): number {
  const [aMs, aN] = split(a);
  const [bMs, bN] = split(b);
  return aMs - bMs || aN - bN;
}

/** The lowest id behind `id`. @throws RangeError when the text is not an id. */
export function entryIdAfter(id: string): string {
  const [ms, n] = split(id);
  return `${ms}-${n + 1}`;
}
