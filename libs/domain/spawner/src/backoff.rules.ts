import type { SpawnerLimits } from './spawner.state';

/** Share of a pause that jitter may take off, so that pools that crashed together do not start together. */
const JITTER = 0.25;

/** Pause after the `crashes`th crash in a row: doubled each time up to `backoffMsMax`, less a jitter that follows from the spawn id. */
export function backoffMs(
  crashes: number,
  spawnId: string,
  { backoffMs, backoffMsMax }: Pick<SpawnerLimits, 'backoffMs' | 'backoffMsMax'>,
): number {
  const pauseMs = Math.min(backoffMs * 2 ** (crashes - 1), backoffMsMax);
  return Math.round(pauseMs * (1 - JITTER * fraction(spawnId)));
}

/** FNV-1a (32 bit) as a number from 0 to below 1. */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}
