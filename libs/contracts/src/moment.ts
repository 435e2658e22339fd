/** ISO 8601: a date, or a date and a time with `Z`, an offset, or neither, which is UTC as well. */
const MOMENT = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:\d{2})?)?$/;

/** Epoch ms of a moment such as `2026-11-22` or `2026-11-22T14:03:27+01:00`; undefined when the text is not one. */
export function momentMs(text: string): number | undefined {
  const [, year, month, day, time = '00:00', offset = 'Z'] = MOMENT.exec(text) ?? [];
  if (year === undefined) return undefined;
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  if (date.getUTCDate() !== Number(day)) return undefined; // February has no 30th, whatever a Date makes of it.
  const atMs = Date.parse(`${year}-${month}-${day}T${time}${offset}`);
  return Number.isNaN(atMs) || atMs < 0 ? undefined : atMs;
}
