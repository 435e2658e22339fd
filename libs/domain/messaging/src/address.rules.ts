import { type Actor, Rejection } from '@torch/kernel';
import type { MessagingState } from './messaging.state';

/** The inbox of the people who run the project. */
export const OPERATOR = 'operator';
const AGENT_ACTOR = 'agent:';

/**
 * Who a message is for, as of now: an agent's id, `operator`, `@<role>` or `@all`. A sender is not among its own `@`
 * recipients.
 *
 * @throws Rejection `unknown-recipient`, `no-recipients`.
 */
export function recipientsOf(state: MessagingState, to: string, sender: Actor): readonly string[] {
  if (!to.startsWith('@')) {
    if (to !== OPERATOR && !state.members.has(to)) throw new Rejection('unknown-recipient', `No agent has the id "${to}".`);
    return [to];
  }
  const members = to === '@all' ? state.members.keys() : (state.roles.get(to.slice(1)) ?? []);
  const self = sender.startsWith(AGENT_ACTOR) ? sender.slice(AGENT_ACTOR.length) : undefined;
  const recipients = [...members].filter((agentId) => agentId !== self).sort();
  if (recipients.length === 0) throw new Rejection('no-recipients', `Nobody but the sender is addressed by "${to}".`);
  return recipients;
}
