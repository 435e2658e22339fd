import { waitUntil } from '@torch/testing';
import type { Owners } from '../adapters/owners.adapter';
import { GATEWAY_DEFAULTS } from '../gateway.config';
import { DispatchRecorder } from './dispatch-recorder.reactor';

function recorder(limits: Partial<typeof GATEWAY_DEFAULTS> = {}) {
  const recorded: string[] = [];
  const owners = {
    command: async (_contract: object, _admission: object, { messageId }: { messageId: string }) => recorded.push(messageId),
  };
  const dispatches = new DispatchRecorder(owners as unknown as Owners, { ...GATEWAY_DEFAULTS, dispatchGatherMs: 10, ...limits });
  return { recorded, dispatches };
}

const dispatch = (messageId: string) => ({ project: 'p', messageId, recipient: 'dev-1' });

describe('a dispatch', () => {
  it('is recorded once it has waited for others', async () => {
    const { recorded, dispatches } = recorder();
    for (const messageId of ['a', 'b']) dispatches.record(dispatch(messageId));
    expect(recorded).toEqual([]);
    await waitUntil(() => recorded.length === 2, { what: 'both dispatches' });
  });

  it('is not worth an event when the message has got further meanwhile', async () => {
    const { recorded, dispatches } = recorder();
    for (const messageId of ['a', 'b']) dispatches.record(dispatch(messageId));
    dispatches.passed(dispatch('a'));
    await waitUntil(() => recorded.length > 0, { what: 'the other dispatch' });
    expect(recorded).toEqual(['b']);
  });

  it('beyond the limit is not recorded', async () => {
    const { recorded, dispatches } = recorder({ dispatchesWaitingMax: 1 });
    for (const messageId of ['a', 'b']) dispatches.record(dispatch(messageId));
    dispatches.onModuleDestroy();
    await waitUntil(() => recorded.length > 0, { what: 'the first dispatch' });
    expect(recorded).toEqual(['a']);
  });
});
