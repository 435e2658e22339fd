import type { AgentDeregistered, AgentLost, AgentRecovered, AgentRegistered, MessagingCommand, MessagingEvent } from '@torch/contracts';
import { type Decider, type DecisionContext, type EventEnvelope, type NewEvent, unreachable } from '@torch/kernel';
import { recordGrant, recordRefusal } from './access.rules';
import { ackMessage, confirmDelivered, expireMessage, recordDispatched } from './delivery.rules';
import { expired, nextExpiryAtMs } from './expiry.timer';
import { messageFenced, recordFencedMessage } from './fencing.rules';
import { memberJoined, memberLeft, memberLost, memberRecovered } from './membership.facts';
import { deliveryMoved, messageSent } from './messaging.facts';
import { messagingSnapshot } from './messaging.snapshot';
import { emptyMessaging, MESSAGING_LIMITS, type MessagingLimits, type MessagingState } from './messaging.state';
import { sendMessage } from './sending.rules';

/** What messaging folds: its own events, and who is there to write to. */
export type MessagingFact =
  | MessagingEvent
  | EventEnvelope<'agent.registered', AgentRegistered>
  | EventEnvelope<'agent.lost', AgentLost>
  | EventEnvelope<'agent.recovered', AgentRecovered>
  | EventEnvelope<'agent.deregistered', AgentDeregistered>;

export type MessagingDecider = Decider<MessagingState, MessagingCommand, MessagingFact>;

/** The same limits must hold wherever one log is decided, replayed and audited: what is kept of ended messages is part of the state. */
export function messagingDeciderWith(limits: MessagingLimits): MessagingDecider {
  return {
    initialState: () => emptyMessaging(limits),
    decide: (state, command, context) => decide(state, command, context, limits),
    evolve: (state, event) => evolve(state, event, limits),
    foreign: ['agent.registered', 'agent.lost', 'agent.recovered', 'agent.deregistered'],
    dueAtMs: nextExpiryAtMs,
    due: (state, context) => expired(state, context, limits),
    snapshot: messagingSnapshot(limits),
  };
}

export const messagingDecider: MessagingDecider = messagingDeciderWith(MESSAGING_LIMITS);

function decide(
  state: MessagingState,
  command: MessagingCommand,
  { nowMs }: DecisionContext,
  limits: MessagingLimits,
): readonly NewEvent[] {
  switch (command.type) {
    case 'SendMessage':
      return sendMessage(state, { command: command.data, sender: command.actor, nowMs }, limits);
    case 'RecordDispatched':
      return recordDispatched(state, command.data, nowMs);
    case 'ConfirmDelivered':
      return confirmDelivered(state, command.data, nowMs);
    case 'AckMessage':
      return ackMessage(state, command.data, nowMs);
    case 'ExpireMessage':
      return expireMessage(state, command.data, nowMs, limits);
    case 'RecordFencedMessage':
      return recordFencedMessage(state, command.data, nowMs, limits);
    case 'RecordGrant':
      return recordGrant(command.data);
    case 'RecordRefusal':
      return recordRefusal(command.data);
    default:
      return unreachable(command);
  }
}

function evolve(state: MessagingState, event: MessagingFact, limits: MessagingLimits): MessagingState {
  switch (event.type) {
    case 'message.sent':
      return messageSent(state, event);
    case 'message.dispatched':
      return deliveryMoved(state, event.data, 'dispatched', limits);
    case 'message.delivered':
      return deliveryMoved(state, event.data, 'delivered', limits);
    case 'message.acked':
      return deliveryMoved(state, event.data, 'acked', limits);
    case 'message.dead-lettered':
      return deliveryMoved(state, event.data, 'dead-lettered', limits);
    case 'message.fenced':
      return messageFenced(state, event.data);
    case 'agent.registered':
      return memberJoined(state, event.data.agentId, event.data.role);
    case 'agent.lost':
      return memberLost(state, event.data.agentId, limits);
    case 'agent.recovered':
      return memberRecovered(state, event.data.agentId);
    case 'agent.deregistered':
      return memberLeft(state, event.data.agentId);
    case 'access.granted':
    case 'access.refused':
      return state; // Facts for whoever reads the log; no later decision depends on them.
    default:
      return unreachable(event);
  }
}
