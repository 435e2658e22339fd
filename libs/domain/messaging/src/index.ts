export { OPERATOR } from './address.rules';
export { type MessagingDecider, messagingDecider, messagingDeciderWith, type MessagingFact } from './messaging.decider';
export { MESSAGES_ENDED_MAX, MESSAGING_LIMITS, type MessagingLimits, type MessagingState } from './messaging.state';
export { inbox, inboxEntry, messageView } from './messaging.views';
