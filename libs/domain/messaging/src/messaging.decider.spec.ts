import { MESSAGE_CHARS_MAX, MESSAGE_TTL_MS_DEFAULT, RECIPIENTS_MAX } from '@torch/contracts';
import { jsonBytes } from '@torch/kernel';
import { given, type SpecEvent } from '@torch/testing';
import { messagingDeciderWith } from './messaging.decider';
import { NOW_MS, TTL_MS, messaging, moved, registered, send, sent } from './history.fixture';
import { MESSAGING_LIMITS } from './messaging.state';
import { inbox, messageView } from './messaging.views';

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
