/**
 * The sum of whole numbers that are not negative, at most `Number.MAX_SAFE_INTEGER`: beyond it numbers are not exact, and fit no
 * contract. The same in whatever order it is added up.
 */
export function saturatingAdd(...amounts: readonly number[]): number {
  let sum = 0;
  for (const amount of amounts) sum = Math.min(sum + amount, Number.MAX_SAFE_INTEGER);
  return sum;
}
