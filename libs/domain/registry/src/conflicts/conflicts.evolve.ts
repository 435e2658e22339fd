import type { ConflictEvent } from '@torch/contracts';
import type { Facts } from '../rules';

export const conflictFacts: Facts<ConflictEvent> = {
  'conflict.opened': ({ conflicts }, { data }) => conflicts.add({ ...data, status: 'open' }),
  'conflict.escalated': ({ conflicts }, { data: { conflictId } }) => conflicts.escalate(conflictId),
  'conflict.resolved': ({ conflicts }, { actor, data: { conflictId, ...how } }) =>
    conflicts.resolve(conflictId, { ...how, resolvedBy: actor }),
};
