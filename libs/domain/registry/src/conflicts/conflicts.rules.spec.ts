import { CONFLICT_DEADLINE_MS_DEFAULT } from '@torch/contracts';
import { given, type SpecCommand, type SpecEvent } from '@torch/testing';
import { registryDecider, registryDeciderWith } from '../registry.decider';
import { REGISTRY_LIMITS } from '../registry.state';
import { getConflict, listConflicts } from './conflicts.reads';

const NOW_MS = 5000;
const DEADLINE_MS = 60_000;
const agent = (agentId: string, role = 'developer'): SpecEvent => ({
  type: 'agent.registered',
  data: { agentId, name: agentId, role, skills: [], capacity: 1, harness: 'exec', instance: 'i', registeredAtMs: 1 },
});
const parties = [
  { actor: 'agent:a', evidence: 'Tests pass with 3 workers.' },
  { actor: 'agent:b', evidence: 'Tests fail with 3 workers.' },
];
const matter = { conflictId: 'c-1', kind: 'results', about: 'task/t-1', parties };
const opened = (more: object = {}): SpecEvent => ({
  type: 'conflict.opened',
  data: { ...matter, deadlineAtMs: DEADLINE_MS, openedAtMs: 1000, ...more },
});
const escalated: SpecEvent = { type: 'conflict.escalated', data: { conflictId: 'c-1', escalatedAtMs: DEADLINE_MS } };
const resolved = (conflictId = 'c-1', actor = 'agent:a'): SpecEvent => ({
  type: 'conflict.resolved',
  actor,
  data: { conflictId, resolution: 'A race; b is right.', inFavourOf: 'agent:b', resolvedAtMs: 2000 },
});

const open = (more: object = {}, actor = 'agent:a'): SpecCommand => ({ type: 'OpenConflict', actor, data: { ...matter, ...more } });
const resolve = (actor: string, more: object = {}): SpecCommand => ({
  type: 'ResolveConflict',
  actor,
  data: { conflictId: 'c-1', resolution: 'A race; b is right.', inFavourOf: 'agent:b', ...more },
});
const AGENTS = [agent('a'), agent('b'), agent('other'), agent('pm', 'project-manager'), agent('lead', 'orchestrator')];
const registry = (...past: SpecEvent[]) => given(registryDecider, [...AGENTS, ...past], NOW_MS);

describe('results that contradict each other', () => {
  it('are a conflict once an agent or a person opens it, until its deadline', () => {
    const deadlineAtMs = NOW_MS + CONFLICT_DEADLINE_MS_DEFAULT;
    for (const actor of ['agent:other', 'user:operator'])
      registry()
        .when(open({}, actor))
        .then([{ type: 'conflict.opened', data: { ...matter, deadlineAtMs, openedAtMs: NOW_MS } }]);
    registry()
      .when(open({ deadlineMs: 1000 }))
      .then([expect.objectContaining({ data: expect.objectContaining({ deadlineAtMs: 6000 }) })]);
  });

  it('are opened once: under the same id, and about the same between the same', () => {
    registry(opened()).when(open()).thenNothing();
    registry(opened())
      .when(open({ about: 'task/t-2' }))
      .thenRejected('conflict-exists');
    registry(opened())
      .when(open({ conflictId: 'c-2', parties: [...parties].reverse() }))
      .thenRejected('conflict-open');
    registry(opened())
      .when(open({ conflictId: 'c-2' }, 'service:registry'))
      .thenNothing();
    registry(opened(), resolved())
      .when(open({ conflictId: 'c-2' }))
      .then([expect.objectContaining({ type: 'conflict.opened' })]);
  });

  it.each([
    ['invalid-party', [parties[0], { actor: 'service:scheduler', evidence: '' }]],
    ['same-party', [parties[0], { actor: 'agent:a', evidence: 'More.' }]],
    ['unknown-agent', [parties[0], { actor: 'agent:nobody', evidence: '' }]],
  ])('are refused as %s', (code, parties) => {
    registry().when(open({ parties })).thenRejected(code);
  });

  it('are not mistaken for what the registry notices by itself', () => {
    registry()
      .when(open({ kind: 'claim' }))
      .thenRejected('conflict-kind');
  });

  it('are refused when the project has as many conflicts as it can have, escalated ones included', () => {
    const decider = registryDeciderWith({ ...REGISTRY_LIMITS, conflicts: { unresolvedMax: 1, resolvedMax: 1 } });
    given(decider, [...AGENTS, opened(), escalated])
      .when(open({ conflictId: 'c-2', about: 'task/t-2' }))
      .thenRejected('too-many-conflicts');
  });
});

describe('an open conflict', () => {
  it.each(['agent:a', 'agent:b', 'agent:pm', 'agent:lead', 'user:operator'])('is resolved by %s', (actor) => {
    const data = { conflictId: 'c-1', resolution: 'A race; b is right.', inFavourOf: 'agent:b', resolvedAtMs: NOW_MS };
    const { run } = registry(opened());
    expect(run.decide(resolve(actor))).toMatchObject([{ type: 'conflict.resolved', data }]);
    expect(getConflict(run.state, { conflictId: 'c-1' }).conflict).toMatchObject({ status: 'resolved', resolvedBy: actor });
  });

  it.each(['agent:other', 'agent:nobody', 'agent:'])('is not resolved by %s', (actor) => {
    registry(opened()).when(resolve(actor)).thenRejected('not-a-party');
  });

  it('is not resolved by a project manager that was deregistered', () => {
    registry(opened(), { type: 'agent.deregistered', data: { agentId: 'pm', reason: 'Done.', deregisteredAtMs: 2 } })
      .when(resolve('agent:pm'))
      .thenRejected('not-a-party');
  });

  it('is resolved in favour of a party, or of none', () => {
    registry(opened())
      .when(resolve('agent:a', { inFavourOf: 'agent:other' }))
      .thenRejected('invalid-party');
    registry(opened())
      .when({ type: 'ResolveConflict', actor: 'agent:a', data: { conflictId: 'c-1', resolution: 'Neither.' } })
      .then([{ type: 'conflict.resolved', data: { conflictId: 'c-1', resolution: 'Neither.', resolvedAtMs: NOW_MS } }]);
  });

  it('is resolved once', () => {
    registry(opened(), resolved()).when(resolve('agent:b')).thenNothing();
    registry(opened(), resolved())
      .when(resolve('agent:b', { inFavourOf: 'agent:a' }))
      .thenRejected('conflict-resolved');
    registry().when(resolve('agent:a')).thenRejected('unknown-conflict');
  });

  it('is escalated at its deadline, and not before', () => {
    const { run } = registry(opened());
    expect(run.dueAtMs()).toBe(DEADLINE_MS);
    expect(run.passTo(DEADLINE_MS - 1)).toEqual([]);
    expect(run.tryToDecide({ type: 'EscalateConflict', data: { conflictId: 'c-1' } })).toMatchObject({ code: 'conflict-not-due' });
    expect(run.restart().passTo(DEADLINE_MS)).toMatchObject([
      { type: 'conflict.escalated', data: { conflictId: 'c-1', escalatedAtMs: DEADLINE_MS } },
    ]);
    expect([run.dueAtMs(), run.passTo(DEADLINE_MS + 1)]).toEqual([Infinity, []]);
  });
});

describe('an escalated conflict', () => {
  it.each(['agent:a', 'agent:pm', 'service:registry'])('is not resolved by %s any more', (actor) => {
    registry(opened(), escalated).when(resolve(actor)).thenRejected('conflict-escalated');
  });

  it('is resolved by a person', () => {
    const { run } = registry(opened(), escalated);
    expect(run.decide(resolve('user:operator'))).toHaveLength(1);
    expect(run.state.conflicts.unresolvedCount).toBe(0);
  });
});

describe('the conflicts of a project', () => {
  it('are listed newest first, by status if asked, and so many of the resolved ones are remembered', () => {
    const decider = registryDeciderWith({ ...REGISTRY_LIMITS, conflicts: { unresolvedMax: 9, resolvedMax: 1 } });
    const ids = ['c-1', 'c-2', 'c-3', 'c-4'];
    const past = ids.map((conflictId, i) => opened({ conflictId, about: conflictId, openedAtMs: i }));
    const { run } = given(decider, [...past, escalated, resolved('c-3'), resolved('c-2')]);
    const listed = (query: object) => listConflicts(run.restart().state, query).conflicts.map(({ conflictId }) => conflictId);
    expect(listed({})).toEqual(['c-4', 'c-2', 'c-1']);
    expect([listed({ status: 'open' }), listed({ status: 'escalated' }), listed({ status: 'resolved' })]).toEqual([
      ['c-4'],
      ['c-1'],
      ['c-2'],
    ]);
    expect([listed({ limit: 1 }), getConflict(run.state, { conflictId: 'c-3' })]).toEqual([['c-4'], {}]);
  });
});
