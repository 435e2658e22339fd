import { Logger } from '@nestjs/common';
import type { Heartbeat } from '@torch/contracts';
import { GATEWAY_DEFAULTS } from '../gateway.config';
import { AgentEvidence } from './agent-evidence.adapter';

const GATHER_MS = 20;
const EVERY_MS = 5000;
const dev = { project: 'shop', agentId: 'dev-1', instance: 'i-1' };

function gateway() {
  const told: { project: string; heartbeats: readonly Heartbeat[] }[] = [];
  const owners = {
    failing: false,
    query: async (_contract: unknown, project: string, { heartbeats }: { heartbeats: Heartbeat[] }) => {
      if (owners.failing) throw new Error('The log server is away.');
      told.push({ project, heartbeats });
      return { answers: heartbeats.map(({ instance }) => ({ known: instance === 'i-1' })) };
    },
  };
  const evidence = new AgentEvidence(owners as never, { ...GATEWAY_DEFAULTS, heartbeatGatherMs: GATHER_MS, connectionEveryMs: EVERY_MS });
  const toldNext = async () => {
    told.length = 0;
    await jest.advanceTimersByTimeAsync(GATHER_MS);
    return told.flatMap(({ heartbeats }) =>
      heartbeats.map(({ agentId, evidence = 'heartbeat', gone }) => [agentId, evidence, ...(gone ? ['gone'] : [])].join(' ')),
    );
  };
  return { owners, told, evidence, toldNext };
}

describe('what the gateway tells of agents', () => {
  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('goes in one question for each project, and everyone hears their own answer', async () => {
    const { evidence, told } = gateway();
    const answers = [
      evidence.heartbeat('shop', { agentId: 'dev-1', instance: 'i-1' }),
      evidence.heartbeat('shop', { agentId: 'dev-2', instance: 'i-9' }),
      evidence.heartbeat('bank', { agentId: 'dev-1', instance: 'i-1' }),
    ];
    await jest.advanceTimersByTimeAsync(GATHER_MS);
    expect(await Promise.all(answers)).toEqual([{ known: true }, { known: false }, { known: true }]);
    expect(told.map(({ project, heartbeats }) => [project, heartbeats.length])).toEqual([
      ['shop', 2],
      ['bank', 1],
    ]);
  });

  it('fails for whoever waits when the registry cannot be asked, and for nobody else', async () => {
    const { evidence, owners } = gateway();
    owners.failing = true;
    evidence.opened(dev);
    const answer = expect(evidence.heartbeat('shop', { agentId: 'dev-1', instance: 'i-1' })).rejects.toThrow('The log server is away.');
    await jest.advanceTimersByTimeAsync(GATHER_MS);
    await answer;
  });

  it('is that an agent is connected, again and again, and once that it is no more', async () => {
    const { evidence, toldNext } = gateway();
    evidence.opened(dev);
    expect(await toldNext()).toEqual(['dev-1 connection']);
    await jest.advanceTimersByTimeAsync(EVERY_MS - GATHER_MS);
    expect(await toldNext()).toEqual(['dev-1 connection']);
    evidence.closed(dev);
    expect(await toldNext()).toEqual(['dev-1 connection gone']);
    await jest.advanceTimersByTimeAsync(EVERY_MS);
    expect(await toldNext()).toEqual([]);
  });

  it('does not say of an agent that it is gone while a newer stream of it is open', async () => {
    const { evidence, toldNext } = gateway();
    evidence.opened(dev);
    evidence.opened(dev);
    evidence.closed(dev);
    expect(await toldNext()).toEqual(['dev-1 connection', 'dev-1 connection']);
    evidence.opened({ ...dev, instance: 'i-2' });
    evidence.closed(dev);
    expect(await toldNext()).toEqual(['dev-1 connection']);
  });

  it('is that an agent reports, as long as it is known which instance that is', async () => {
    const { evidence, toldNext } = gateway();
    evidence.reported('shop', 'dev-1');
    evidence.opened(dev);
    evidence.reported('shop', 'dev-1');
    expect(await toldNext()).toEqual(['dev-1 connection', 'dev-1 progress']);
  });
});
