import { given, type SpecCommand, type SpecEvent } from '@torch/testing';
import { registryDecider, registryDeciderWith } from '../registry.decider';
import { REGISTRY_LIMITS } from '../registry.state';
import { endedClaim, grantedClaim, refusedClaim } from './claim-conflict';

const refusal = {
  claimId: 'claim-2',
  agentId: 'b',
  path: 'repo:src/auth/login.ts',
  mode: 'exclusive' as const,
  heldBy: { agentId: 'a', claimId: 'claim-1', path: 'repo:src/auth/**', mode: 'shared' as const },
  refusedAtMs: 1000,
};
const byTask = { ...refusal, heldBy: { agentId: 'a', taskId: 't-1', path: 'repo:src/**', mode: 'exclusive' as const } };
const noticed = (data: object): SpecCommand => ({ type: 'OpenConflict', actor: 'service:registry', data });
const registry = (...past: SpecEvent[]) => given(registryDecider, past, 5000).run;
const withConflict = (refused: typeof refusal | typeof byTask) => {
  const run = registry();
  run.decide(noticed(refusedClaim(refused) as object));
  return run;
};

describe('a refused claim', () => {
  it('is a conflict between who holds the path and who wants it', () => {
    const run = registry();
    expect(run.decide(noticed(refusedClaim(refusal) as object))).toMatchObject([
      {
        type: 'conflict.opened',
        data: {
          kind: 'claim',
          about: 'repo:src/auth/login.ts',
          parties: [
            { actor: 'agent:a', evidence: 'Holds repo:src/auth/** (shared) with claim claim-1.' },
            { actor: 'agent:b', evidence: 'Was refused repo:src/auth/login.ts (exclusive) with claim claim-2.' },
          ],
        },
      },
    ]);
  });

  it('is one conflict, however often it is asked for again', () => {
    const run = withConflict(refusal);
    expect(run.decide(noticed(refusedClaim({ ...refusal, claimId: 'claim-3', refusedAtMs: 2000 }) as object))).toEqual([]);
  });

  it('is no conflict of an agent with itself', () => {
    expect(refusedClaim({ ...refusal, agentId: 'a' })).toBeUndefined();
  });

  it('is resolved when it is granted after all', () => {
    const { state } = withConflict(refusal);
    const granted = {
      claimId: 'claim-2',
      agentId: 'b',
      paths: [{ path: refusal.path, mode: 'exclusive' as const }],
      leaseUntilMs: 1,
      grantedAtMs: 0,
    };
    expect(grantedClaim(state, granted)).toMatchObject([{ resolution: 'agent:b was granted repo:src/auth/login.ts.' }]);
    expect(grantedClaim(state, { ...granted, agentId: 'c' })).toEqual([]);
  });

  it('is resolved when the claim, or the attempt, that was in its way has ended', () => {
    expect(endedClaim(withConflict(refusal).state, { claimId: 'claim-1' })).toHaveLength(1);
    expect(endedClaim(withConflict(refusal).state, { claimId: 'claim-9' })).toEqual([]);
    expect(endedClaim(withConflict(refusal).state, { taskId: 't-1' })).toEqual([]);
    const run = withConflict(byTask).restart();
    const [resolution] = endedClaim(run.state, { taskId: 't-1' });
    expect(run.decide({ type: 'ResolveConflict', actor: 'service:registry', data: resolution as object })).toHaveLength(1);
    expect(endedClaim(run.state, { taskId: 't-1' })).toEqual([]);
  });

  it('stays with the person it was escalated to', () => {
    const run = withConflict(refusal);
    run.passTo(run.dueAtMs());
    expect(endedClaim(run.state, { claimId: 'claim-1' })).toEqual([]);
  });
});

describe('a document that two have written on one version', () => {
  const written: SpecEvent[] = [1, 2].map((version) => ({
    type: 'context.updated',
    actor: 'agent:a',
    data: { key: 'goals', version, text: `v${version}`, updatedAtMs: version },
  }));
  const write = (actor: string, version: number, text = 'mine'): SpecCommand => ({
    type: 'UpdateContext',
    actor,
    data: { key: 'goals', version, text },
  });
  const types = (events: readonly { type: string }[]) => events.map(({ type }) => type);

  it('is a conflict between the two, the one whose version stands first', () => {
    const [, opened] = registry(...written).decide(write('agent:b', 1));
    expect(opened?.data).toMatchObject({ kind: 'context', about: 'goals', parties: [{ actor: 'agent:a' }, { actor: 'agent:b' }] });
  });

  it('is one conflict between the same two, and none of one with itself', () => {
    const run = registry(...written);
    run.decide(write('agent:b', 1));
    expect(types(run.decide(write('agent:b', 0)))).toEqual(['context.conflicted']);
    expect(types(registry(...written).decide(write('agent:a', 1)))).toEqual(['context.conflicted']);
    expect(types(run.decide(write('agent:c', 1)))).toEqual(['context.conflicted', 'conflict.opened']);
  });

  it('is no conflict more than a project can have, and is refused all the same', () => {
    const decider = registryDeciderWith({ ...REGISTRY_LIMITS, conflicts: { unresolvedMax: 0, resolvedMax: 1 } });
    expect(types(given(decider, written).run.decide(write('agent:b', 1)))).toEqual(['context.conflicted']);
  });

  it('is resolved when who came too late writes on what is there', () => {
    const run = registry(...written);
    run.decide(write('agent:b', 1));
    expect(types(run.decide(write('agent:a', 2, 'again')))).toEqual(['context.updated']);
    expect(run.decide(write('agent:b', 3, 'both'))).toMatchObject([
      { type: 'context.updated' },
      { type: 'conflict.resolved', data: { resolution: 'agent:b wrote version 4 on the newest one.' } },
    ]);
  });

  it('is resolved by a person alone once it is escalated', () => {
    const run = registry(...written);
    run.decide(write('agent:b', 1));
    run.decide(write('user:ann', 1));
    run.passTo(run.dueAtMs());
    expect(types(run.decide(write('agent:b', 2, 'both')))).toEqual(['context.updated']);
    expect(types(run.decide(write('user:ann', 3, 'all')))).toEqual(['context.updated', 'conflict.resolved']);
    expect(run.state.conflicts.unresolvedCount).toBe(1);
  });
});
