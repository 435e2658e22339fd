import { MESSAGE_CHARS_MAX, MESSAGE_TTL_MS_DEFAULT, RECIPIENTS_MAX } from '@torch/contracts';
import { jsonBytes } from '@torch/kernel';
import { given, SPEC_ACTOR, type SpecEvent } from '@torch/testing';
import { messagingDecider, messagingDeciderWith } from './messaging.decider';
import { MESSAGING_LIMITS } from './messaging.state';
import { inbox, messageView } from './messaging.views';

const NOW_MS = 5000;
const TTL_MS = 1000;
const registered = (agentId: string, role = 'developer'): SpecEvent => ({ type: 'agent.registered', data: { agentId, role } });
const sent = (recipients: string[], messageId = 'm1'): SpecEvent => ({
  type: 'message.sent',
  data: { messageId, from: SPEC_ACTOR, to: '@all', recipients, text: 'Hello.', sentAtMs: 1000, expiresAtMs: 1000 + TTL_MS },
  correlationId: 'of-the-message',
});
const moved = (state: string, recipient = 'a', messageId = 'm1'): SpecEvent => ({
  type: `message.${state}`,
  data: { messageId, recipient, reason: 'r' },
});
const send = (to: string, more: object = {}, actor = SPEC_ACTOR) => ({
  type: 'SendMessage',
  actor,
  data: { messageId: 'm1', to, text: 'Hello.', ...more },
});
const report = (type: string, recipient = 'a', messageId = 'm1') => ({ type, data: { messageId, recipient } });
const expire = { type: 'ExpireMessage', data: { messageId: 'm1' } };

const messaging = (...past: SpecEvent[]) => given(messagingDecider, past, NOW_MS);
const recipients = (past: SpecEvent[], to: string, actor?: string) => {
  const [event] = messaging(...past).run.decide(send(to, {}, actor));
  return (event?.data as { recipients: string[] }).recipients;
};

describe('an address', () => {
  const fleet = [registered('b'), registered('a'), registered('s', 'specialist')];

  it('is an agent, a role, everybody or the operator', () => {
    expect(recipients(fleet, 'a')).toEqual(['a']);
    expect(recipients(fleet, '@developer')).toEqual(['a', 'b']);
    expect(recipients(fleet, '@all')).toEqual(['a', 'b', 's']);
    expect(recipients([], 'operator')).toEqual(['operator']);
  });

  it('leaves the sender out of its own role and of everybody, but not of its own id', () => {
    expect(recipients(fleet, '@developer', 'agent:a')).toEqual(['b']);
    expect(recipients(fleet, '@all', 'agent:a')).toEqual(['b', 's']);
    expect(recipients(fleet, 'a', 'agent:a')).toEqual(['a']);
  });

  it('is refused when nobody is there', () => {
    messaging(...fleet)
      .when(send('c'))
      .thenRejected('unknown-recipient');
    messaging(...fleet)
      .when(send('@manager'))
      .thenRejected('no-recipients');
    messaging(registered('a'))
      .when(send('@developer', {}, 'agent:a'))
      .thenRejected('no-recipients');
    messaging().when(send('@all')).thenRejected('no-recipients');
  });

  it('follows an agent into another role', () => {
    messaging(...fleet, registered('s', 'developer'))
      .when(send('@specialist'))
      .thenRejected('no-recipients');
  });

  it('reaches lost agents, and none that was deregistered', () => {
    expect(recipients([...fleet, { type: 'agent.lost', data: { agentId: 'a' } }], '@developer')).toEqual(['a', 'b']);
    const without = [...fleet, { type: 'agent.deregistered', data: { agentId: 'a' } }];
    expect(recipients(without, '@developer')).toEqual(['b']);
    messaging(...without)
      .when(send('a'))
      .thenRejected('unknown-recipient');
  });

  it('remembers who is lost through a restart', () => {
    const decider = messagingDeciderWith({ ...MESSAGING_LIMITS, lostMembersMax: 1 });
    const lost = (agentId: string): SpecEvent => ({ type: 'agent.lost', data: { agentId } });
    const { run } = given(decider, [...fleet, lost('a')]);
    expect(run.restart().happened(lost('b')).tryToDecide(send('a'))).toMatchObject({ code: 'unknown-recipient' });
  });

  it('forgets the agents that have been lost for longest', () => {
    const decider = messagingDeciderWith({ ...MESSAGING_LIMITS, lostMembersMax: 1 });
    const lost = (agentId: string): SpecEvent => ({ type: 'agent.lost', data: { agentId } });
    given(decider, [...fleet, lost('a'), lost('b')])
      .when(send('a'))
      .thenRejected('unknown-recipient');
    const recovered = { type: 'agent.recovered', data: { agentId: 'a' } };
    expect(given(decider, [...fleet, lost('a'), recovered, lost('b')]).run.decide(send('a'))).toHaveLength(1);
  });
});

describe('a message', () => {
  it('is sent with its time to live, a day unless it says otherwise', () => {
    const data = { messageId: 'm1', from: 'agent:b', to: 'a', recipients: ['a'], text: 'Hello.', sentAtMs: NOW_MS };
    messaging(registered('a'))
      .when(send('a', { ttlMs: TTL_MS, inReplyTo: 'm0' }, 'agent:b'))
      .then([{ type: 'message.sent', data: { ...data, inReplyTo: 'm0', expiresAtMs: NOW_MS + TTL_MS } }]);
    messaging(registered('a'))
      .when(send('a', {}, 'agent:b'))
      .then([{ type: 'message.sent', data: { ...data, expiresAtMs: NOW_MS + MESSAGE_TTL_MS_DEFAULT } }]);
  });

  it('is not sent twice under one id, not even after it has ended', () => {
    messaging(registered('a'), sent(['a']))
      .when(send('a'))
      .thenRejected('message-exists');
    messaging(registered('a'), sent(['a']), moved('acked'))
      .when(send('a'))
      .thenRejected('message-exists');
  });

  it('goes to thousands in several events, each within the limit of the log', () => {
    const fleet = Array.from({ length: RECIPIENTS_MAX }, (_, n) => registered(`developer-${100_000 + n}`));
    const { run } = messaging(...fleet);
    const events = run.decide(send('@all', { text: 'x'.repeat(MESSAGE_CHARS_MAX) }));
    expect(events.length).toBeGreaterThan(1);
    for (const { data } of events) expect(jsonBytes(data)).toBeLessThanOrEqual(MESSAGING_LIMITS.sentEventBytesMax);
    expect(messageView(run.state, { messageId: 'm1' }).deliveries).toHaveLength(RECIPIENTS_MAX);
    run.happened(registered('one-more'));
    expect(run.tryToDecide(send('@all', { messageId: 'm2' }))).toMatchObject({ code: 'too-many-recipients' });
  });

  it('is refused when its text and its recipients do not fit', () => {
    messaging(registered('a'))
      .when(send('a', { text: '\u0001'.repeat(MESSAGE_CHARS_MAX) }))
      .thenRejected('message-too-large');
    const decider = messagingDeciderWith({ ...MESSAGING_LIMITS, sentEventBytesMax: 200, sentBytesMax: 600 });
    const fleet = Array.from({ length: 20 }, (_, n) => registered(`developer-${n}`));
    given(decider, fleet).when(send('@all')).thenRejected('message-too-large');
  });
});

describe('a full inbox', () => {
  const decider = messagingDeciderWith({ ...MESSAGING_LIMITS, inboxMessagesMax: 1 });
  const past = [registered('a'), registered('b'), sent(['a'], 'm0')];

  it('refuses a direct message', () => given(decider, past).when(send('a')).thenRejected('inbox-full'));

  it('turns its part of a message to many into a dead letter', () => {
    const { run } = given(decider, past, NOW_MS);
    expect(run.decide(send('@all'))).toMatchObject([
      { type: 'message.sent', data: { recipients: ['a', 'b'] } },
      { type: 'message.dead-lettered', data: { messageId: 'm1', recipient: 'a', reason: 'inbox-full', deadLetteredAtMs: NOW_MS } },
    ]);
    expect(messageView(run.state, { messageId: 'm1' }).deliveries).toEqual([
      { recipient: 'a', state: 'dead-lettered' },
      { recipient: 'b', state: 'queued' },
    ]);
    expect(inbox(run.state, { recipient: 'a' }).messages.map(({ messageId }) => messageId)).toEqual(['m0']);
  });

  it("refuses a message to many when it is everybody's, or too many's", () => {
    given(decider, [...past, sent(['b'], 'm00')])
      .when(send('@all'))
      .thenRejected('inbox-full');
    const strict = messagingDeciderWith({ ...MESSAGING_LIMITS, inboxMessagesMax: 1, fullInboxesMax: 0 });
    given(strict, past).when(send('@all')).thenRejected('inbox-full');
  });

  it('has room again once a message is acknowledged or dead', () => {
    expect(given(decider, [...past, moved('acked', 'a', 'm0')]).run.decide(send('a'))).toHaveLength(1);
    expect(given(decider, [...past, moved('dead-lettered', 'a', 'm0')]).run.decide(send('a'))).toHaveLength(1);
  });
});

describe('a project', () => {
  it.each(['messagesOpenMax', 'openCharsMax', 'openDeliveriesMax'])('takes no more than %s', (limit) => {
    const decider = messagingDeciderWith({ ...MESSAGING_LIMITS, [limit]: 1 });
    given(decider, [registered('a'), sent(['a'], 'm0')])
      .when(send('a'))
      .thenRejected('too-many-messages');
  });
});

describe('a delivery', () => {
  const queued = [registered('a'), sent(['a', 'b'])];
  const types =
    (...past: SpecEvent[]) =>
    (command: string) =>
      messaging(...queued, ...past)
        .run.decide(report(command))
        .map(({ type }) => type);

  it('is reported only as far as it got', () => {
    expect(types()('RecordDispatched')).toEqual(['message.dispatched']);
    expect(types()('ConfirmDelivered')).toEqual(['message.delivered']);
    expect(types(moved('dispatched'))('ConfirmDelivered')).toEqual(['message.delivered']);
    expect(types(moved('delivered'))('AckMessage')).toEqual(['message.acked']);
  });

  it('is delivered at the latest when it is acknowledged', () => {
    expect(types()('AckMessage')).toEqual(['message.delivered', 'message.acked']);
    expect(types(moved('dispatched'))('AckMessage')).toEqual(['message.delivered', 'message.acked']);
  });

  it.each([
    ['RecordDispatched', 'dispatched'],
    ['RecordDispatched', 'delivered'],
    ['RecordDispatched', 'acked'],
    ['RecordDispatched', 'dead-lettered'],
    ['ConfirmDelivered', 'delivered'],
    ['ConfirmDelivered', 'acked'],
    ['AckMessage', 'acked'],
  ])('stays where it is when %s comes at %s', (command, state) => expect(types(moved(state))(command)).toEqual([]));

  it.each(['ConfirmDelivered', 'AckMessage'])('is not brought back from a dead letter by %s', (command) => {
    messaging(...queued, moved('dead-lettered'))
      .when(report(command))
      .thenRejected('message-dead-lettered');
  });

  it.each(['RecordDispatched', 'ConfirmDelivered', 'AckMessage'])(
    'is refused in %s when there is no such message or recipient',
    (command) => {
      messaging(...queued)
        .when(report(command, 'a', 'm9'))
        .thenRejected('unknown-message');
      messaging(...queued)
        .when(report(command, 'c'))
        .thenRejected('not-a-recipient');
    },
  );

  it('belongs to the work that the message was sent for', () => {
    expect(
      messaging(...queued)
        .run.decide(report('AckMessage'))
        .map(({ correlationId }) => correlationId),
    ).toEqual(['of-the-message', 'of-the-message']);
  });
});

describe('the expiry of a message', () => {
  it('is due at its time, and makes a dead letter for everybody who has not acknowledged', () => {
    const { run } = given(messagingDecider, [sent(['a', 'b', 'c']), moved('acked', 'b'), moved('delivered', 'c')], 1000);
    expect(run.dueAtMs()).toBe(1000 + TTL_MS);
    expect(run.passTo(1000 + TTL_MS - 1)).toEqual([]);
    expect(run.passTo(1000 + TTL_MS)).toMatchObject([
      { type: 'message.dead-lettered', data: { recipient: 'a', reason: 'expired' } },
      { type: 'message.dead-lettered', data: { recipient: 'c', reason: 'expired' } },
    ]);
    expect(run.dueAtMs()).toBe(Infinity);
  });

  it('does not come early, and not a second time', () => {
    given(messagingDecider, [sent(['a'])], 1000 + TTL_MS - 1)
      .when(expire)
      .thenRejected('message-not-expired');
    given(messagingDecider, [sent(['a']), moved('acked')], 1000 + TTL_MS)
      .when(expire)
      .thenNothing();
    given(messagingDecider, [], 1000 + TTL_MS)
      .when(expire)
      .thenNothing();
  });

  it('also ends what waits for an agent that was deregistered', () => {
    const past = [registered('a'), sent(['a']), { type: 'agent.deregistered', data: { agentId: 'a' } }];
    const { run } = given(messagingDecider, past, 1000);
    expect(inbox(run.state, { recipient: 'a' }).messages).toHaveLength(1);
    expect(run.passTo(1000 + TTL_MS)).toHaveLength(1);
    expect(inbox(run.state, { recipient: 'a' }).messages).toEqual([]);
  });

  it('writes so many dead letters at a time, and stays due until all are written', () => {
    const decider = messagingDeciderWith({ ...MESSAGING_LIMITS, deadLettersMax: 2 });
    const { run } = given(decider, [sent(['a', 'b', 'c'], 'm1'), sent(['a'], 'm2')], 1000);
    expect(run.passTo(1000 + TTL_MS)).toHaveLength(2);
    expect(run.dueAtMs()).toBe(1000 + TTL_MS);
    expect(run.passTo(1000 + TTL_MS)).toHaveLength(2);
    expect(run.dueAtMs()).toBe(Infinity);
  });
});

describe('ended messages', () => {
  const decider = messagingDeciderWith({ ...MESSAGING_LIMITS, messagesEndedMax: 2, endedDeliveriesMax: 3 });
  const ended = (messageId: string, ...to: string[]) => [
    sent(to, messageId),
    ...to.map((recipient) => moved('acked', recipient, messageId)),
  ];
  const kept = (...past: SpecEvent[]) => [...given(decider, past).run.state.messages.keys()];

  it('are kept for questions, the one that ended first goes first', () => {
    expect(kept(...ended('m1', 'a'), ...ended('m2', 'a'), ...ended('m3', 'a'))).toEqual(['m2', 'm3']);
    expect(kept(sent(['a'], 'open'), ...ended('m1', 'a'), ...ended('m2', 'a'), ...ended('m3', 'a'))).toEqual(['open', 'm2', 'm3']);
  });

  it('are fewer when they had many recipients', () => {
    expect(kept(...ended('m1', 'a', 'b'), ...ended('m2', 'a', 'b'))).toEqual(['m2']);
  });

  it('keep no text, and count as before after a restart', () => {
    const { run } = given(decider, ended('m1', 'a', 'b'));
    expect(run.state.messages.get('m1')?.text).toBe('');
    run.restart().happened(...ended('m2', 'a', 'b'));
    expect([...run.state.messages.keys()]).toEqual(['m2']);
  });

  it('do not pile up in the timer', () => {
    const { run } = given(decider);
    for (let n = 0; n < 5000; n++) run.happened(...ended(`m${n}`, 'a'));
    expect(run.state.expiries.size).toBeLessThan(1100);
  });
});

describe('the inbox', () => {
  it('shows what is open, oldest first, up to a limit', () => {
    const { state } = messaging(sent(['a'], 'm3'), sent(['a'], 'm1'), sent(['b'], 'm2'), moved('dispatched', 'a', 'm3')).run;
    expect(inbox(state, { recipient: 'a' }).messages).toEqual([
      { messageId: 'm3', from: SPEC_ACTOR, to: '@all', text: 'Hello.', inReplyTo: undefined, state: 'dispatched', sentAtMs: 1000 },
      { messageId: 'm1', from: SPEC_ACTOR, to: '@all', text: 'Hello.', inReplyTo: undefined, state: 'queued', sentAtMs: 1000 },
    ]);
    expect(inbox(state, { recipient: 'a', limit: 1 }).messages).toHaveLength(1);
    expect(inbox(state, { recipient: 'nobody' }).messages).toEqual([]);
  });

  it('is empty once everything is acknowledged, while the message can still be asked for', () => {
    const { state } = messaging(sent(['a']), moved('acked')).run;
    expect(inbox(state, { recipient: 'a' }).messages).toEqual([]);
    expect(messageView(state, { messageId: 'm1' })).toEqual({
      found: true,
      from: SPEC_ACTOR,
      to: '@all',
      sentAtMs: 1000,
      deliveries: [{ recipient: 'a', state: 'acked' }],
    });
    expect(messageView(state, { messageId: 'm2' })).toEqual({ found: false, deliveries: [] });
  });
});
