import { given, SPEC_ACTOR, type SpecEvent } from '@torch/testing';
import { messagingDecider, messagingDeciderWith } from './messaging.decider';
import { TTL_MS, expire, messaging, moved, registered, report, sent } from './history.fixture';
import { MESSAGING_LIMITS } from './messaging.state';
import { inbox, messageView } from './messaging.views';

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
