/** Facts of messaging's past, and commands, for its specs. */
import { given, SPEC_ACTOR, type SpecEvent } from '@torch/testing';
import { messagingDecider } from './messaging.decider';

export const NOW_MS = 5000;
export const TTL_MS = 1000;
export const registered = (agentId: string, role = 'developer'): SpecEvent => ({ type: 'agent.registered', data: { agentId, role } });
export const sent = (recipients: string[], messageId = 'm1'): SpecEvent => ({
  type: 'message.sent',
  data: { messageId, from: SPEC_ACTOR, to: '@all', recipients, text: 'Hello.', sentAtMs: 1000, expiresAtMs: 1000 + TTL_MS },
  correlationId: 'of-the-message',
});
export const moved = (state: string, recipient = 'a', messageId = 'm1'): SpecEvent => ({
  type: `message.${state}`,
  data: { messageId, recipient, reason: 'r' },
});
export const send = (to: string, more: object = {}, actor = SPEC_ACTOR) => ({
  type: 'SendMessage',
  actor,
  data: { messageId: 'm1', to, text: 'Hello.', ...more },
});
export const report = (type: string, recipient = 'a', messageId = 'm1') => ({ type, data: { messageId, recipient } });
export const expire = { type: 'ExpireMessage', data: { messageId: 'm1' } };

export const messaging = (...past: SpecEvent[]) => given(messagingDecider, past, NOW_MS);
