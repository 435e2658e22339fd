import type { AnyEvent } from '@torch/kernel';
import { cancelPush } from './agent-events';

const ended = (type: string, data: object): AnyEvent => ({
  type,
  v: 1,
  subject: 'task/t',
  project: 'p',
  actor: 'service:scheduler',
  correlationId: 'c',
  data: { taskId: 't', attempt: 2, agentId: 'dev-1', ...data },
});

describe('an agent is told to stop', () => {
  it.each(['lease-expired', 'agent-lost', 'agent-gone', 'stopped', 'budget', 'deadline', 'progress-timeout'])(
    'when its attempt is taken away: %s',
    (reason) => {
      expect(cancelPush(ended('task.attempt-failed', { reason }), '3/4-0/0')).toEqual({
        agentId: 'dev-1',
        key: 'cancel t 2',
        frame: `id: 3/4-0/0\nevent: cancel\ndata: {"taskId":"t","attempt":2,"reason":"${reason}"}\n\n`,
      });
    },
  );

  it('when its task is cancelled', () => {
    expect(cancelPush(ended('task.cancelled', { reason: 'Not needed.' }), '3/4-0/0')?.agentId).toBe('dev-1');
    expect(
      cancelPush(ended('task.cancelled', { reason: 'Not needed.', attempt: undefined, agentId: undefined }), '3/4-0/0'),
    ).toBeUndefined();
  });

  it.each(['exit-code', 'timeout', 'harness', 'rate-limited', 'evidence-missing'])('and not when it said so itself: %s', (reason) => {
    expect(cancelPush(ended('task.attempt-failed', { reason }), '3/4-0/0')).toBeUndefined();
  });
});
