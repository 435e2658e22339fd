import type { DeliveryState } from '@torch/contracts';
import { type EncodedReports, listedSnapshot, type ListsDecoder, RecentReports, type SnapshotFormat } from '@torch/kernel';
import { memberJoined } from './membership.facts';
import { addMessage, openDelivery } from './messaging.facts';
import { emptyMessaging, type Message, type MessagingLimits, type MessagingState } from './messaging.state';

interface EncodedMessage extends Omit<Message, 'deliveries' | 'open'> {
  readonly deliveries: readonly (readonly [recipient: string, at: DeliveryState])[];
}

interface MessagingLists {
  readonly members: readonly [agentId: string, role: string];
  readonly lost: string;
  readonly messages: EncodedMessage;
  readonly ended: string;
  readonly fenced: EncodedReports[number];
}

export const messagingSnapshot = (limits: MessagingLimits): SnapshotFormat<MessagingState> =>
  listedSnapshot<MessagingState, MessagingLists>({
    version: 3,
    lists: ({ members, lost, messages, ended, fenced }) => ({
      members,
      lost,
      messages: encodeMessages(messages.values()),
      ended,
      fenced: fenced.encode(),
    }),
    sortedBy: { members: ([agentId]) => agentId },
    decoder: () => decoder(limits),
  });

function* encodeMessages(messages: Iterable<Message>): Iterable<EncodedMessage> {
  for (const { open: _derived, ...message } of messages) yield { ...message, deliveries: [...message.deliveries] };
}

function decoder(limits: MessagingLimits): ListsDecoder<MessagingState, MessagingLists> {
  const state = emptyMessaging(limits);
  const reports: EncodedReports[number][] = [];
  return {
    take: {
      members: ([agentId, role]) => memberJoined(state, agentId, role),
      lost: (agentId) => state.lost.add(agentId),
      messages: (message) => decodeMessage(state, message),
      ended: (messageId) => state.ended.add(messageId),
      fenced: (reported) => reports.push(reported),
    },
    finish: () => ({ ...state, fenced: RecentReports.decode(limits.fenced, reports) }),
  };
}

function decodeMessage(state: MessagingState, { deliveries, ...fields }: EncodedMessage): void {
  const message = addMessage(state, { ...fields, deliveries: new Map(), open: 0 });
  for (const [recipient, at] of deliveries) openDelivery(state, message, recipient, at);
  if (message.open === 0) state.endedDeliveries += deliveries.length;
}
