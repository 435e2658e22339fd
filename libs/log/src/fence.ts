import type { Fence } from './log';
import { formatPosition } from './position';

/** @throws RangeError when the fence would append in an older generation than it has seen. */
export function checkFence({ generation, seen }: Fence): void {
  if (generation >= seen.generation) return;
  throw new RangeError(`Cannot append in generation ${generation} behind ${formatPosition(seen)}, which is of a later one.`);
}
