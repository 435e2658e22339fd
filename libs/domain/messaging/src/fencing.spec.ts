import { given } from '@torch/testing';
import { messaging, moved, NOW_MS, sent } from './history.fixture';
import { messagingDeciderWith } from './messaging.decider';
import { MESSAGING_LIMITS } from './messaging.state';

const fenced = (messageId = 'm1', { recipient = 'a', step = 'acked' } = {}) => ({
  type: 'RecordFencedMessage',
  data: { messageId, recipient, step },
});

describe('a message that the log does not know', () => {
  it('is recorded with how far its recipient got with it', () => {
    messaging()
      .when(fenced())
      .then([
        {
          type: 'message.fenced',
          data: {
            messageId: 'm1',
            recipient: 'a',
            step: 'acked',
            reason: 'The log holds no message m1, or it ended long ago.',
            fencedAtMs: NOW_MS,
          },
        },
      ]);
  });

  it('is recorded once for each step, through a restart too', () => {
    const { run } = messaging();
    expect(run.decide(fenced('m1', { step: 'delivered' }))).toHaveLength(1);
    expect(run.decide(fenced('m1', { step: 'delivered' }))).toEqual([]);
    expect(run.decide(fenced())).toHaveLength(1);
    expect(run.restart().decide(fenced())).toEqual([]);
    expect(run.digest(run.replayed())).toBe(run.digest());
  });

  it('is recorded so often for each recipient and time', () => {
    const limits = { ...MESSAGING_LIMITS, fenced: { perReporterMax: 2, windowMs: 1000, reportersMax: 10 } };
    const { run } = given(messagingDeciderWith(limits), [], NOW_MS);
    for (const messageId of ['m1', 'm2']) expect(run.decide(fenced(messageId))).toHaveLength(1);
    expect(run.tryToDecide(fenced('m3'))).toMatchObject({
      code: 'too-many-fenced',
      message: '"a" has reported on 2 messages within 1000 ms that the log does not know.',
    });
    expect(run.decide(fenced('m1'))).toEqual([]);
    expect(run.decide(fenced('m3', { recipient: 'b' }))).toHaveLength(1);
    expect(run.at(NOW_MS + 1000).decide(fenced('m3'))).toHaveLength(1);
  });
});

it('a message that the log knows is not fenced, open or ended', () => {
  messaging(sent(['a']))
    .when(fenced())
    .thenNothing();
  messaging(sent(['a']), moved('acked'))
    .when(fenced())
    .thenNothing();
});
