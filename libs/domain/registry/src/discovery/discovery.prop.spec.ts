import { AGENT_PRESENCES, AGENT_STATES, type AgentView, type ListAgents, skillLevel } from '@torch/contracts';
import { DeciderRun } from '@torch/testing';
import fc from 'fast-check';
import { freeCapacity } from '../agent-state';
import { registryAfter, steps } from '../fleet.fixture';
import { registryDecider } from '../registry.decider';
import type { RegistryState } from '../registry.state';
import { agentView, listAgents } from '../registry.views';
import { scoreOf } from './agent-index';
import { FEW_MAX } from './slot-set';

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const skills = fc.subarray(['go', 'go:2', 'rust', 'ts:2', 'ts:3', 'cobol']);
const filter: fc.Arbitrary<ListAgents> = fc
  .record({
    role: maybe(fc.constantFrom('developer', 'specialist', 'nobody')),
    skills: maybe(skills),
    anySkill: maybe(skills),
    labels: maybe(fc.record({ zone: fc.constantFrom('x', 'y', 'z') })),
    presence: maybe(fc.constantFrom(...AGENT_PRESENCES)),
    state: maybe(fc.constantFrom(...AGENT_STATES)),
    free: maybe(fc.integer({ min: 1, max: 4 })),
    namePrefix: maybe(fc.constantFrom('a', 'ad', 'adam', 'b', 'c')),
    order: maybe(fc.constantFrom('id' as const, 'score' as const)),
    after: maybe(fc.constantFrom('a', 'agent-0500', 'c', 'x')),
    limit: maybe(fc.integer({ min: 1, max: 300 })),
  })
  .map(({ after, ...filter }) => (filter.order === 'score' ? filter : { ...filter, after }));

/** The same question, asked of every agent one by one. */
function asked(state: RegistryState, { limit = 100, order, ...query }: ListAgents): string[] {
  const has = (agent: AgentView, wanted: string): boolean =>
    agent.skills.some((skill) => skillLevel(skill).name === skillLevel(wanted).name && skillLevel(skill).level >= skillLevel(wanted).level);
  const fits = (agent: AgentView): boolean =>
    (query.role === undefined || agent.role === query.role) &&
    (query.skills ?? []).every((skill) => has(agent, skill)) &&
    (!query.anySkill?.length || query.anySkill.some((skill) => has(agent, skill))) &&
    Object.entries(query.labels ?? {}).every(([label, value]) => agent.labels?.[label] === value) &&
    (query.presence === undefined || agent.presence === query.presence) &&
    (query.state === undefined || agent.state === query.state) &&
    (query.free === undefined || freeCapacity(state.agents.get(agent.agentId)!) >= query.free) &&
    agent.name.startsWith(query.namePrefix ?? '') &&
    agent.agentId > (query.after ?? '');
  const views = [...state.agents.values()].map((agent) => agentView(state, agent, () => undefined)).filter(fits);
  const byId = (a: AgentView, b: AgentView): number => (a.agentId < b.agentId ? -1 : 1);
  const score = ({ agentId }: AgentView): number => scoreOf(state.agents.get(agentId)!);
  views.sort(order === 'score' ? (a, b) => score(b) - score(a) || byId(a, b) : byId);
  return views.slice(0, limit).map(({ agentId }) => agentId);
}

const found = (state: RegistryState, query: ListAgents): string[] =>
  listAgents(state, query, () => undefined).agents.map(({ agentId }) => agentId);

describe('discovery', () => {
  it('finds whom a look at every agent would find, in the same order, after whatever happened', () => {
    fc.assert(
      fc.property(steps, fc.array(filter, { minLength: 1, maxLength: 8 }), (steps, filters) => {
        const run = registryAfter(steps);
        for (const filter of filters) expect(found(run.state, filter)).toEqual(asked(run.state, filter));
        run.restart();
        for (const filter of filters) expect(found(run.state, filter)).toEqual(asked(run.state, filter));
      }),
      { numRuns: 200 },
    );
  });

  const run = manyAgents(3000);
  const fleet = run.state;
  describe.each([
    ['many agents, where sets are bitmaps', fleet],
    ['many agents out of a snapshot', run.restart().state],
  ])('among %s', (_, agents) => {
    it('finds whom a look at every agent would find', () => {
      fc.assert(
        fc.property(filter, (filter) => expect(found(agents, filter)).toEqual(asked(agents, filter))),
        { numRuns: 40 },
      );
    });

    it.each<ListAgents>([
      {},
      { order: 'score' },
      { free: 1 },
      { free: 2, order: 'score' },
      { state: 'idle' },
      { presence: 'live' },
      { skills: ['go:2'] },
      { anySkill: ['rust', 'go:3'] },
      { labels: { zone: 'x' } },
      { namePrefix: 'ad' },
      { namePrefix: 'bo' },
    ])('does so for %j alone', (filter) => {
      const all = { ...filter, limit: 3000 };
      expect(found(agents, all)).toEqual(asked(agents, all));
      expect(found(agents, all).length).toBeGreaterThan(FEW_MAX);
    });
  });

  it('has everybody of many once they are read out of a snapshot in parts', () => {
    expect([...(registryDecider.snapshot.parts?.encode(fleet) ?? [])].length).toBeGreaterThan(3);
    expect(run.digest()).toBe(run.digest(fleet));
  });

  it('turns pages without a gap and without saying anybody twice', () => {
    const query = { role: 'developer' };
    const all: string[] = [];
    for (let after: string | undefined; ;) {
      const page = listAgents(fleet, { ...query, limit: 70, ...(after !== undefined && { after }) }, () => undefined);
      all.push(...page.agents.map(({ agentId }) => agentId));
      if ((after = page.next) === undefined) break;
    }
    expect(all).toEqual(asked(fleet, { ...query, limit: 3000 }));
  });
});

function manyAgents(count: number): DeciderRun<RegistryState> {
  const run = new DeciderRun(registryDecider);
  for (let n = 0; n < count; n++) {
    const agentId = `agent-${String((n * 7919) % 10_007).padStart(4, '0')}`;
    const skills = [['go:3', 'ts:2'], ['go'], ['rust', 'ts:3'], []][n % 4]!;
    const labels = { zone: 'xy'[n % 2]! };
    const agent = {
      agentId,
      name: ['ada', 'adam', 'bob'][n % 3]!,
      role: n % 5 ? 'developer' : 'specialist',
      skills,
      labels,
      capacity: 1 + (n % 3),
    };
    run.decide({ type: 'RegisterAgent', data: { ...agent, harness: 'exec', instance: '1' } });
    if (n % 4 === 1) run.happened({ type: 'task.assigned', data: { taskId: `t-${n}`, attempt: 1, agentId, assignedAtMs: 1 } });
    if (n % 8 === 1) run.happened({ type: 'task.completed', data: { taskId: `t-${n}`, agentId, durationMs: n } });
    if (n % 7 === 0) run.decide({ type: 'SuspectAgent', data: { agentId, instance: '1', lastSeenAtMs: 1 } });
  }
  return run;
}
