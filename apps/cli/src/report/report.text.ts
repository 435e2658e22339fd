/** The last moment that a date can say. */
const LAST_MS = 8.64e15;

/** `2026-11-22T14:03:27.512Z` */
export const isoTime = (atMs: number): string => new Date(Math.min(atMs, LAST_MS)).toISOString();

/** `2026-11-22 14:03:27`, in UTC. */
export const utcTime = (atMs: number): string => isoTime(atMs).slice(0, 19).replace('T', ' ');

/** `1,234,567`: the same on every machine. */
export const grouped = (value: number): string => String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',');
