import type { ExpireMessage } from '@torch/contracts';
import type { TimerContext } from '@torch/kernel';
import type { Expiry, MessagingLimits, MessagingState } from './messaging.state';

/** When the next open message expires, epoch ms. */
export function nextExpiryAtMs(state: MessagingState): number {
  return nextExpiry(state)?.atMs ?? Infinity;
}

/**
 * What has expired, earliest first: `max` messages, and about `deadLettersMax` deliveries, at a time. By the time of leases: whoever has
 * dealt with a message while nobody heard it is heard before the message becomes a dead letter.
 */
export function expired(
  state: MessagingState,
  { leaseNowMs, max }: TimerContext,
  { deadLettersMax }: MessagingLimits,
): { type: 'ExpireMessage'; data: ExpireMessage }[] {
  const found: Expiry[] = [];
  let deliveries = 0;
  for (let next = nextExpiry(state); next && next.atMs <= leaseNowMs; next = nextExpiry(state)) {
    if (found.length >= max || deliveries >= deadLettersMax) break;
    state.expiries.pop();
    found.push(next);
    deliveries += state.messages.get(next.messageId)?.open ?? 0;
  }
  for (const expiry of found) state.expiries.push(expiry); // Due until its dead letters are in the log.
  return found.map(({ messageId }) => ({ type: 'ExpireMessage', data: { messageId } }));
}

function nextExpiry(state: MessagingState): Expiry | undefined {
  for (let next = state.expiries.peek(); next; next = state.expiries.peek()) {
    const message = state.messages.get(next.messageId);
    if (message && message.open > 0 && message.expiresAtMs === next.atMs) return next;
    state.expiries.pop();
  }
  return undefined;
}
