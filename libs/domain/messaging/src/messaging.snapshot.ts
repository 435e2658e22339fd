import type { DeliveryState } from '@torch/contracts';
import { type EncodedReports, RecentReports, type SnapshotFormat } from '@torch/kernel';
import { memberJoined } from './membership.facts';
import { addMessage, openDelivery } from './messaging.facts';
import { emptyMessaging, type Message, type MessagingLimits, type MessagingState, newExpiries } from './messaging.state';

interface EncodedMessaging {
  /** Agent and role, by agent. */
  readonly members: readonly (readonly [string, string])[];
  readonly lost: readonly string[];
  readonly messages: readonly (Omit<Message, 'deliveries' | 'open'> & {
    readonly deliveries: readonly (readonly [string, DeliveryState])[];
  })[];
  readonly ended: readonly string[];
  readonly fenced: EncodedReports;
}

export const messagingSnapshot = (limits: MessagingLimits): SnapshotFormat<MessagingState> => ({
  version: 2,
  encode({ members, lost, messages, ended, fenced }): EncodedMessaging {
    return {
      members: [...members].sort(([a], [b]) => (a < b ? -1 : 1)),
      lost: [...lost],
      messages: [...messages.values()].map(({ open: _derived, ...message }) => ({ ...message, deliveries: [...message.deliveries] })),
      ended: [...ended],
      fenced: fenced.encode(),
    };
  },
  decode(encoded) {
    const { members, lost, messages, ended, fenced } = encoded as EncodedMessaging;
    const state: MessagingState = {
      ...emptyMessaging(limits),
      lost: new Set(),
      ended: new Set(ended),
      fenced: RecentReports.decode(limits.fenced, fenced),
      expiries: newExpiries(),
    };
    for (const [agentId, role] of members) memberJoined(state, agentId, role);
    for (const agentId of lost) state.lost.add(agentId);
    for (const { deliveries, ...fields } of messages) {
      const message = addMessage(state, { ...fields, deliveries: new Map(), open: 0 });
      for (const [recipient, at] of deliveries) openDelivery(state, message, recipient, at);
      if (message.open === 0) state.endedDeliveries += deliveries.length;
    }
    return state;
  },
});
