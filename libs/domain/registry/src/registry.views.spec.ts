import { given, type SpecEvent } from '@torch/testing';
import { registryDecider } from './registry.decider';
import { getAgent, heartbeatAnswer, listAgents, projectView } from './registry.views';

const registered = (agentId: string, more: object = {}): SpecEvent => ({
  type: 'agent.registered',
  data: {
    agentId,
    name: agentId,
    role: 'developer',
    skills: [],
    capacity: 1,
    harness: 'exec',
    instance: 'i-1',
    registeredAtMs: 1000,
    ...more,
  },
});
const unseen = () => undefined;
const ids = (list: { agents: { agentId: string }[] }) => list.agents.map(({ agentId }) => agentId);

describe('the list of agents', () => {
  const { state } = given(registryDecider, [
    registered('c', { skills: ['go', 'ts'] }),
    registered('a', { skills: ['ts'] }),
    registered('b', { role: 'specialist', skills: ['ts'] }),
    registered('d'),
    { type: 'agent.lost', data: { agentId: 'd', reason: 'Silence.', lastSeenAtMs: 1500, lostAtMs: 2000 } },
  ]).run;

  it('is sorted by id and narrowed by role, skills and presence', () => {
    expect(ids(listAgents(state, {}, unseen))).toEqual(['a', 'b', 'c', 'd']);
    expect(ids(listAgents(state, { role: 'developer' }, unseen))).toEqual(['a', 'c', 'd']);
    expect(ids(listAgents(state, { skills: ['ts'] }, unseen))).toEqual(['a', 'b', 'c']);
    expect(ids(listAgents(state, { skills: ['ts', 'go'] }, unseen))).toEqual(['c']);
    expect(ids(listAgents(state, { role: 'developer', presence: 'live' }, unseen))).toEqual(['a', 'c']);
    expect(ids(listAgents(state, { role: 'nobody' }, unseen))).toEqual([]);
  });

  it('comes in pages that join without a gap', () => {
    const first = listAgents(state, { limit: 2 }, unseen);
    expect(ids(first)).toEqual(['a', 'b']);
    const second = listAgents(state, { limit: 2, after: first.next }, unseen);
    expect(ids(second)).toEqual(['c', 'd']);
    expect(second.next).toBeUndefined();
  });
});

describe('one agent', () => {
  const { state } = given(registryDecider, [registered('a')]).run;

  it('was last seen when its owner heard it, or else when the log says so', () => {
    expect(getAgent(state, { agentId: 'a' }, () => ({ connectionAtMs: 1700 })).agent).toMatchObject({
      presence: 'live',
      lastSeenAtMs: 1700,
      completed: 0,
      failed: 0,
    });
    expect(getAgent(state, { agentId: 'a' }, unseen).agent?.lastSeenAtMs).toBe(1000);
    expect(getAgent(state, { agentId: 'b' }, unseen)).toEqual({});
  });

  it('comes with its record and with what its owner has seen of it', () => {
    expect(getAgent(state, { agentId: 'a' }, () => ({ heartbeatAtMs: 1700 }))).toMatchObject({ record: [], seen: { heartbeatAtMs: 1700 } });
  });

  it('is known by its heartbeat as long as instance and id belong together', () => {
    expect(heartbeatAnswer(state, { agentId: 'a', instance: 'i-1' }).known).toBe(true);
    expect(heartbeatAnswer(state, { agentId: 'a', instance: 'i-2' }).known).toBe(false);
    expect(heartbeatAnswer(state, { agentId: 'b', instance: 'i-1' }).known).toBe(false);
  });
});

describe('a project', () => {
  it('exists once it was created', () => {
    expect(projectView(given(registryDecider).run.state).exists).toBe(false);
    const { state } = given(registryDecider, [{ type: 'project.created', data: { createdAtMs: 7 } }]).run;
    expect(projectView(state)).toEqual({ exists: true, createdAtMs: 7 });
  });
});

describe('agents by score', () => {
  const ended = (agentId: string, type: string) => ({ type, data: { taskId: 't', agentId, durationMs: 1, reason: 'exit-code' } });
  const { state } = given(registryDecider, [
    registered('a'),
    registered('b'),
    registered('c'),
    registered('d'),
    ended('c', 'task.completed'),
    ended('a', 'task.attempt-failed'),
  ]).run;

  it('are listed with the best record first, then by id, on one page', () => {
    expect(ids(listAgents(state, { order: 'score' }, unseen))).toEqual(['c', 'b', 'd', 'a']);
    expect(listAgents(state, { order: 'score', limit: 1 }, unseen)).toMatchObject({ agents: [{ agentId: 'c' }] });
    expect(listAgents(state, { order: 'score', limit: 1 }, unseen).next).toBeUndefined();
    expect(() => listAgents(state, { order: 'score', after: 'c' }, unseen)).toThrow('by score there is one page');
  });
});
