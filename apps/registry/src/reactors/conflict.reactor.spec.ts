import { registryDecider, type RegistryState } from '@torch/domain-registry';
import type { OwnCommand, Turn } from '@torch/host';
import { DeciderRun } from '@torch/testing';
import { ATTEMPT_ENDS, CLAIM_NEWS, ConflictReactor } from './conflict.reactor';

const reactor = new ConflictReactor();
const refused = (heldBy: object) => ({
  data: {
    claimId: 'c-2',
    agentId: 'b',
    path: 'repo:a.ts',
    mode: 'exclusive',
    heldBy: { agentId: 'a', path: 'repo:**', mode: 'shared', ...heldBy },
    refusedAtMs: 1,
  },
});

describe('the reactor to claims', () => {
  let run: DeciderRun<RegistryState>;
  beforeEach(() => (run = new DeciderRun(registryDecider)));
  const turn = () => ({ state: run.state }) as Turn<RegistryState>;
  const decide = (commands: readonly OwnCommand[]): string[] =>
    commands.flatMap(({ type, data }) => run.decide({ type, data: data as object, actor: 'service:registry' })).map(({ type }) => type);

  it('opens a conflict when a claim is refused, and not twice', () => {
    expect(decide(reactor.onRefused(refused({ claimId: 'c-1' }) as never))).toEqual(['conflict.opened']);
    expect(decide(reactor.onRefused(refused({ claimId: 'c-1' }) as never))).toEqual([]);
  });

  it('resolves it when the claim is granted after all', () => {
    decide(reactor.onRefused(refused({ claimId: 'c-1' }) as never));
    const granted = {
      data: { claimId: 'c-3', agentId: 'b', paths: [{ path: 'repo:a.ts', mode: 'exclusive' }], leaseUntilMs: 1, grantedAtMs: 0 },
    };
    expect(decide(reactor.onGranted(granted as never, turn()))).toEqual(['conflict.resolved']);
    expect(decide(reactor.onGranted(granted as never, turn()))).toEqual([]);
  });

  it('resolves it when the claim in its way is released', () => {
    decide(reactor.onRefused(refused({ claimId: 'c-1' }) as never));
    expect(decide(reactor.onReleased({ data: { claimId: 'c-9' } } as never, turn()))).toEqual([]);
    expect(decide(reactor.onReleased({ data: { claimId: 'c-1' } } as never, turn()))).toEqual(['conflict.resolved']);
  });

  it('resolves it when the attempt that held the path has ended, however it ended', () => {
    decide(reactor.onRefused(refused({ taskId: 't-1' }) as never));
    expect(decide(reactor.onAttemptEnded({ data: { taskId: 't-2' } } as never, turn()))).toEqual([]);
    expect(decide(reactor.onAttemptEnded({ data: { taskId: 't-1' } } as never, turn()))).toEqual(['conflict.resolved']);
    expect(CLAIM_NEWS).toEqual(expect.arrayContaining(ATTEMPT_ENDS));
  });
});
