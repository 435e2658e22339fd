const UNITS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A whole number of up to eight digits and a unit: `250ms`, `30s`, `10m`, `2h`, `1d`. More digits of days would not be safe in ms. */
export const DURATION_PATTERN = /^([0-9]{1,8})(ms|s|m|h|d)$/;

/** Milliseconds of a duration such as `30s`; undefined when the text is not one. */
export function durationMs(text: string): number | undefined {
  const [, amount, unit] = DURATION_PATTERN.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS];
}
