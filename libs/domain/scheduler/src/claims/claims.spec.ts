import type { ClaimPaths, ClaimRefused, ClaimReleased, PathClaim } from '@torch/contracts';
import { SPEC_START_MS } from '@torch/testing';
import { deregistered, lost, registered } from '../decider.fixture';
import {
  cancel,
  complete,
  fail,
  found,
  type ProjectRun,
  projectWith,
  refusal,
  settled,
  settledEvents,
  start,
  submit,
  taskIn,
  turn,
  typesOf,
} from '../gates/gates.fixture';
import { getClaim, listClaims } from './claims.reads';
import { REFUSALS_KEPT } from './claims.state';

const exclusive = (path: string): PathClaim => ({ path, mode: 'exclusive' });
const shared = (path: string): PathClaim => ({ path, mode: 'shared' });
const claim = (claimId: string, path: PathClaim | readonly PathClaim[], part: Partial<ClaimPaths> = {}) => ({
  type: 'ClaimPaths',
  data: { claimId, agentId: 'agent-1', paths: [path].flat(), ...part },
});
const release = (claimId: string, agentId = 'agent-1') => ({ type: 'ReleaseClaim', data: { claimId, agentId } });
const LEASE_MS = 10 * 60_000;
const isGranted = (run: ProjectRun, claimId: string): boolean => getClaim(run.state, { claimId }).granted;

describe('tasks that claim paths', () => {
  it('are never in flight together when their paths overlap, and one is exclusive', () => {
    const run = projectWith();
    const specs = {
      a: { claims: [exclusive('repo:src/**')] },
      b: { claims: [shared('repo:src/a.ts')] },
      c: { claims: [shared('repo:docs/*')] },
    };
    expect(submit(run, specs)).toEqual(['a', 'c']);
    complete(run, 'a');
    expect(settled(run)).toEqual(['b']);
  });

  it('share what they claim as shared', () => {
    const run = projectWith();
    const claims = [shared('repo:src/**')];
    expect(submit(run, { a: { claims }, b: { claims }, c: { claims: [exclusive('repo:src/a.ts')] } })).toEqual(['a', 'b']);
    cancel(run, 'a');
    expect(settled(run)).toEqual([]);
    fail(run, 'b', 'permanent');
    expect(settled(run)).toEqual(['c']);
  });

  it('hold all of their paths or none', () => {
    const run = projectWith();
    const specs = {
      a: { claims: [exclusive('repo:a')] },
      b: { claims: [exclusive('repo:a'), exclusive('repo:b')] },
      c: { claims: [exclusive('repo:b')] },
    };
    expect(submit(run, specs)).toEqual(['a', 'c']);
  });

  it('give them back between two attempts', () => {
    const run = projectWith();
    const claims = [exclusive('repo:a')];
    submit(run, { a: { claims }, b: { claims } });
    fail(run, 'a');
    expect(settled(run)).toEqual(['b']);
    expect(listClaims(run.state, {}).claims).toMatchObject([{ taskId: 'run-1.b', path: 'repo:a', mode: 'exclusive' }]);
  });

  it('still hold them after a restart', () => {
    const run = projectWith();
    const claims = [exclusive('repo:a')];
    submit(run, { a: { claims }, b: { claims } });
    run.restart();
    expect(settled(run)).toEqual([]);
    complete(run, 'a');
    expect(settled(run)).toEqual(['b']);
  });

  it('are refused with a path that is none', () => {
    expect(() => submit(projectWith(), { a: { claims: [shared('src')] } })).toThrow(/Task "a" claims "src"/);
  });
});

describe('an agent that claims paths', () => {
  it('has them at once when they are free', () => {
    const run = projectWith();
    expect(run.decide(claim('c-1', exclusive('repo:a')))[0]).toMatchObject({
      type: 'claim.granted',
      data: { leaseUntilMs: SPEC_START_MS + LEASE_MS },
    });
    expect(getClaim(run.state, { claimId: 'c-1' })).toEqual({ granted: true, leaseUntilMs: SPEC_START_MS + LEASE_MS });
  });

  it('is refused, with the name of the holder, and has none of them', () => {
    const run = projectWith();
    run.decide(claim('c-1', exclusive('repo:src/**')));
    const events = run.decide(claim('c-2', [exclusive('repo:docs/a'), shared('repo:src/a.ts')], { agentId: 'agent-2' }));
    const heldBy = { agentId: 'agent-1', claimId: 'c-1', path: 'repo:src/**', mode: 'exclusive' };
    const refused = { claimId: 'c-2', agentId: 'agent-2', path: 'repo:src/a.ts', mode: 'shared', heldBy, refusedAtMs: SPEC_START_MS };
    expect(found<ClaimRefused>(events, 'claim.refused')).toEqual([refused]);
    expect(getClaim(run.state, { claimId: 'c-2' })).toEqual({ granted: false, heldBy });
    expect(isGranted(run.restart(), 'c-2')).toBe(false);
    expect(run.decide(claim('c-3', exclusive('repo:docs/a'), { agentId: 'agent-3' }))[0]?.type).toBe('claim.granted');
  });

  it('is refused once for one reason, and again for another', () => {
    const run = projectWith();
    run.decide(claim('c-1', exclusive('repo:a')));
    const again = claim('c-2', exclusive('repo:*'), { agentId: 'agent-2' });
    expect(run.decide(again)).toHaveLength(1);
    expect(run.restart().decide(again)).toEqual([]);
    run.decide(release('c-1'));
    run.decide(claim('c-4', exclusive('repo:b'), { agentId: 'agent-3' }));
    expect(run.decide(again)).toMatchObject([{ type: 'claim.refused', data: { heldBy: { agentId: 'agent-3' } } }]);
    run.decide(release('c-4', 'agent-3'));
    expect(run.decide(again)).toMatchObject([{ type: 'claim.granted' }]);
  });

  it('keeps tasks from those paths until it releases them', () => {
    const run = projectWith();
    run.decide(claim('c-1', exclusive('repo:a')));
    expect(submit(run, { a: { claims: [shared('repo:a')] } })).toEqual([]);
    run.decide(release('c-1'));
    expect(settled(run)).toEqual(['a']);
    expect(run.decide(release('c-1'))).toEqual([]);
  });

  it('renews its lease by asking again', () => {
    const run = projectWith();
    run.decide(claim('c-1', exclusive('repo:a'), { leaseMs: 60_000 }));
    run.at(SPEC_START_MS + 50_000).decide(claim('c-1', exclusive('repo:a'), { leaseMs: 60_000 }));
    expect(turn(run, SPEC_START_MS + 60_000)).toEqual([]);
    expect(run.dueAtMs()).toBe(SPEC_START_MS + 110_000);
    expect(found<ClaimReleased>(turn(run, SPEC_START_MS + 110_000), 'claim.released')[0]?.reason).toBe('expired');
    expect(isGranted(run, 'c-1')).toBe(false);
  });

  it('is not in its own way, unless for another task', () => {
    const run = projectWith({ agents: 0 }).happened(registered('agent-1', { capacity: 2 }));
    submit(run, { a: { claims: [exclusive('repo:a')] }, b: {} });
    expect(run.decide(claim('c-1', exclusive('repo:*')))[0]?.type).toBe('claim.granted');
    expect(run.decide(claim('c-2', exclusive('repo:a'), { taskId: 'run-1.a' }))[0]?.type).toBe('claim.granted');
    expect(run.decide(claim('c-3', exclusive('repo:a'), { taskId: 'run-1.b' }))[0]?.type).toBe('claim.refused');
  });

  it.each([
    ['invalid-claim', claim('c-2', exclusive('repo:a/'))],
    ['unknown-agent', claim('c-2', exclusive('repo:b'), { agentId: 'nobody' })],
    ['unknown-task', claim('c-2', exclusive('repo:b'), { taskId: 'run-1.x' })],
    ['stale-attempt', claim('c-2', exclusive('repo:b'), { taskId: 'run-1.a', agentId: 'agent-2' })],
    ['claim-exists', claim('c-1', exclusive('repo:b'))],
    ['claim-exists', claim('c-1', exclusive('repo:a'), { agentId: 'agent-2' })],
    ['not-yours', release('c-1', 'agent-2')],
    ['claim-not-expired', { type: 'ExpireClaim', data: { claimId: 'c-1' } }],
  ])('is told %s', (code, command) => {
    const run = projectWith();
    submit(run, { a: {} });
    run.decide(claim('c-1', exclusive('repo:a')));
    expect(refusal(run, command)).toBe(code);
  });
});

describe('an agent’s claim', () => {
  it('for a task ends with the attempt', () => {
    const run = projectWith();
    submit(run, { a: {} });
    start(run, 'a');
    run.decide(claim('c-1', exclusive('repo:a'), { taskId: 'run-1.a' }));
    run.decide(claim('c-2', exclusive('repo:b')));
    complete(run, 'a');
    expect(refusal(run, claim('c-1', exclusive('repo:a')))).toBe('claim-ending');
    expect(found<ClaimReleased>(settledEvents(run.restart()), 'claim.released').map(({ claimId, reason }) => [claimId, reason])).toEqual([
      ['c-1', 'attempt-ended'],
    ]);
  });

  it.each([
    ['is lost', lost('agent-1')],
    ['is deregistered', deregistered('agent-1')],
    ['is replaced', registered('agent-1', { instance: 'agent-1/2' })],
  ])('ends when the agent %s', (_how, event) => {
    const run = projectWith();
    run.decide(claim('c-1', exclusive('repo:a')));
    run.happened(event);
    const events = settledEvents(run);
    expect(found<ClaimReleased>(events, 'claim.released')).toMatchObject([{ claimId: 'c-1', reason: 'agent-gone' }]);
    expect(submit(run, { b: { claims: [exclusive('repo:a')] } })).toEqual(['b']);
  });

  it('does not stand in the way of the same task’s next attempt', () => {
    const run = projectWith({ agents: 1 });
    submit(run, { a: { claims: [exclusive('repo:a')] } });
    run.decide(claim('c-1', exclusive('repo:b'), { taskId: 'run-1.a' }));
    fail(run, 'a');
    settledEvents(run);
    turn(run, run.dueAtMs());
    expect(taskIn(run, 'a')).toMatchObject({ status: 'assigned', attempt: 2 });
  });

  it('that runs out while its release is due already ends once', () => {
    const run = projectWith();
    run.decide(claim('c-1', exclusive('repo:a'), { leaseMs: 1000 }));
    run.happened(lost('agent-1'));
    expect(typesOf(turn(run, SPEC_START_MS + 1000)).filter((type) => type === 'claim.released')).toHaveLength(1);
  });
});

describe('refusals', () => {
  it('are remembered in a limited number, the newest', () => {
    const run = projectWith();
    run.decide(claim('c', exclusive('repo:**')));
    for (let n = 0; n <= REFUSALS_KEPT; n++) run.decide(claim(`r-${n}`, shared('repo:a'), { agentId: 'agent-2' }));
    expect(run.state.claims.refused.size).toBe(REFUSALS_KEPT);
    expect([getClaim(run.state, { claimId: 'r-0' }).heldBy, getClaim(run.state, { claimId: 'r-1' }).heldBy?.claimId]).toEqual([
      undefined,
      'c',
    ]);
  });
});

describe('listClaims', () => {
  it('shows all, those of an agent, or those in the way of a path', () => {
    const run = projectWith();
    submit(run, { a: { claims: [shared('repo:src/**')] } });
    run.decide(claim('c-1', [exclusive('repo:docs/*'), shared('repo:b')], { agentId: 'agent-2' }));
    const paths = (query: object) => listClaims(run.state, query).claims.map(({ path }) => path);
    expect(paths({})).toEqual(['repo:b', 'repo:docs/*', 'repo:src/**']);
    expect(paths({ agentId: 'agent-1' })).toEqual(['repo:src/**']);
    expect(paths({ path: 'repo:*/a.ts' })).toEqual(['repo:docs/*', 'repo:src/**']);
    expect(paths({ limit: 1 })).toEqual(['repo:b']);
    expect(() => paths({ path: 'x' })).toThrow('no path');
  });
});
