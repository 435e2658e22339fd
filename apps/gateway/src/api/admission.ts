import { hash, randomUUID } from 'node:crypto';
import type { RunIds } from './plan-to-commands';

/** Longest task key that becomes part of the task's id as it is. */
const KEY_IN_ID_CHARS_MAX = 60;

const digest = (...parts: string[]): string => hash('sha256', JSON.stringify(parts));

/**
 * The idempotency id of a request that brings an `Idempotency-Key`: the same for the same caller, route and key, and for
 * nobody else.
 */
export const idempotencyIdOf = (caller: { actor: string; method: string; path: string; key: string }): string =>
  `key-${digest(caller.actor, caller.method, caller.path, caller.key).slice(0, 48)}`;

/** A part of a request that sends several commands. */
export const partOf = (idempotencyId: string | undefined, part: string): string | undefined =>
  idempotencyId === undefined ? undefined : `${idempotencyId}.${part}`;

/**
 * Ids for a plan, a pool or a message: derived from the idempotency id where there is one, so that a retry after a lost
 * answer names the same things.
 */
export const derivedId = (prefix: string, idempotencyId: string | undefined): string =>
  `${prefix}-${digest(prefix, idempotencyId ?? randomUUID()).slice(0, 20)}`;

/** Ids of a run's tasks: `<runId>.<key>` while that is short enough, else with a digest in place of the key. */
export function runIds(idempotencyId: string | undefined): RunIds {
  const runId = derivedId('run', idempotencyId);
  return {
    runId,
    taskId: (key) => (key.length <= KEY_IN_ID_CHARS_MAX ? `${runId}.${key}` : `${runId}:${digest(key).slice(0, 32)}`),
  };
}
