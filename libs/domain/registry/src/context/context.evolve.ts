import type { ContextEvent } from '@torch/contracts';
import type { Facts } from '../rules';

export const contextFacts: Facts<ContextEvent> = {
  'context.updated': ({ context }, { actor, data: { key, version, text, ref, updatedAtMs } }) =>
    context.add(key, {
      version,
      ...(text !== undefined && { text }),
      ...(ref !== undefined && { ref }),
      removed: false,
      by: actor,
      atMs: updatedAtMs,
    }),
  'context.removed': ({ context }, { actor, data: { key, version, removedAtMs } }) =>
    context.add(key, { version, removed: true, by: actor, atMs: removedAtMs }),
  // Nothing was changed: who lost against whom is for the log, and for the conflict that it opens.
  'context.conflicted': () => undefined,
};
