import type { SchedulerLimits } from './scheduler.limits';

/**
 * Pause after the `failures`-th failed attempt, ms: doubles each time up to the limit, of which the upper half is jitter
 * ("equal jitter"), taken from the task and attempt instead of from chance, so that replay finds the same.
 */
export function backoffMs(
  { taskId, attempt, failures }: { taskId: string; attempt: number; failures: number },
  { backoffFirstMs, backoffMaxMs }: Pick<SchedulerLimits, 'backoffFirstMs' | 'backoffMaxMs'>,
): number {
  const fullMs = Math.min(backoffMaxMs, backoffFirstMs * 2 ** (failures - 1));
  const half = Math.floor(fullMs / 2);
  return half + (hash(`${taskId}/${attempt}`) % (fullMs - half + 1));
}

/** FNV-1a, 32 bits, with MurmurHash3's finaliser: neighbours in the input end up far apart. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
