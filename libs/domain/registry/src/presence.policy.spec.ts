import type { EvidenceKind } from '@torch/contracts';
import { DeciderRun } from '@torch/testing';
import { PRESENCE_DEFAULTS, presenceCommands, presenceLook } from './presence.policy';
import { registryDecider } from './registry.decider';
import { note, type Sightings } from './sightings';

const { suspectedAfterMs, lostAfterMs, graceMs } = PRESENCE_DEFAULTS;
const OWNED_SINCE_MS = 1_000_000;
const SEEN_MS = OWNED_SINCE_MS + 100_000;
const LOST_MS = SEEN_MS + lostAfterMs;

function fleet(...agentIds: string[]) {
  const run = new DeciderRun(registryDecider).at(OWNED_SINCE_MS);
  const sightings: Sightings = new Map();
  const saw = (agentId: string, atMs: number, evidence: EvidenceKind = 'heartbeat', gone = false) =>
    note(sightings, { agentId, instance: `${agentId}-i`, evidence, gone }, atMs);
  for (const agentId of agentIds) {
    run.decide({ type: 'RegisterAgent', data: { agentId, role: 'developer', skills: [], harness: 'exec', instance: `${agentId}-i` } });
    saw(agentId, SEEN_MS);
  }
  const look = (nowMs: number, ownedSinceMs = OWNED_SINCE_MS, config = PRESENCE_DEFAULTS) =>
    presenceCommands({ state: run.state, sightings, ownedSinceMs, nowMs, config });
  const act = (nowMs: number) => look(nowMs).forEach((command) => run.at(nowMs).decide(command));
  const presence = (agentId: string) => run.state.agents.get(agentId)?.presence;
  return { run, sightings, saw, look, act, presence };
}

describe('the watch over signs of life', () => {
  it('says nothing about who was seen in time', () => {
    expect(fleet('a').look(SEEN_MS + suspectedAfterMs - 1)).toEqual([]);
  });

  it('suspects after the first limit of silence and loses after the second', () => {
    const { look, act, presence } = fleet('a');
    expect(look(SEEN_MS + suspectedAfterMs)).toEqual([
      { type: 'SuspectAgent', data: { agentId: 'a', instance: 'a-i', lastSeenAtMs: SEEN_MS } },
    ]);
    act(SEEN_MS + suspectedAfterMs);
    expect(look(LOST_MS - 1)).toEqual([]);
    act(LOST_MS);
    expect(presence('a')).toBe('lost');
    expect(look(SEEN_MS + 10 * lostAfterMs)).toEqual([]);
  });

  it.each([suspectedAfterMs, lostAfterMs])('brings an agent back whose heartbeat comes after %d ms of silence', (silenceMs) => {
    const { act, presence, saw } = fleet('a');
    act(SEEN_MS + silenceMs);
    saw('a', SEEN_MS + silenceMs + 1);
    act(SEEN_MS + silenceMs + 2);
    expect(presence('a')).toBe('live');
  });

  it('brings agents back before it loses others, so that none is forgotten in between', () => {
    const { run, look, saw } = fleet('a', 'b');
    run.at(SEEN_MS).decide({ type: 'LoseAgent', data: { agentId: 'b', reason: 'Silence.', lastSeenAtMs: 0 } });
    saw('b', LOST_MS);
    expect(look(LOST_MS).map(({ type, data }) => [type, data.agentId])).toEqual([
      ['RecoverAgent', 'b'],
      ['LoseAgent', 'a'],
    ]);
  });

  it('does not bring back an agent whose process was seen to end after its last heartbeat', () => {
    const { run, look } = fleet('a');
    run.at(SEEN_MS + 1).decide({ type: 'LoseAgent', data: { agentId: 'a', reason: 'Exited.', lastSeenAtMs: SEEN_MS } });
    expect(look(SEEN_MS + 2)).toEqual([]);
  });

  it('does not take a heartbeat of another instance for one of this', () => {
    const { look, sightings } = fleet('a');
    note(sightings, { agentId: 'a', instance: 'other' }, SEEN_MS);
    expect(look(SEEN_MS)).toMatchObject([{ type: 'LoseAgent' }]);
  });

  it('gives at most so many commands at a time, and the rest with the next look', () => {
    const { look, run } = fleet('a', 'b', 'c');
    const config = { ...PRESENCE_DEFAULTS, commandsMax: 2 };
    const first = look(LOST_MS, OWNED_SINCE_MS, config);
    expect(first).toHaveLength(2);
    first.forEach((command) => run.decide(command));
    expect(look(LOST_MS, OWNED_SINCE_MS, config)).toMatchObject([{ type: 'LoseAgent', data: { agentId: 'c' } }]);
  });

  it('forgets sightings of agents and instances that are not known any more', () => {
    const { run, sightings, look } = fleet('a', 'b', 'c');
    run.decide({ type: 'DeregisterAgent', data: { agentId: 'a', reason: 'Done.' } });
    note(sightings, { agentId: 'b', instance: 'other' }, SEEN_MS);
    look(SEEN_MS);
    expect([...sightings.keys()]).toEqual(['c']);
  });

  it('goes over a large fleet in steps, and misses none', () => {
    const agentIds = Array.from({ length: 2500 }, (_, i) => `agent-${i}`);
    const { run, sightings } = fleet(...agentIds);
    const config = { ...PRESENCE_DEFAULTS, commandsMax: 10_000 };
    const steps = presenceLook({ state: run.state, sightings, ownedSinceMs: OWNED_SINCE_MS, nowMs: SEEN_MS + suspectedAfterMs, config });
    let yields = 0;
    let step = steps.next();
    for (; !step.done; step = steps.next()) yields++;
    expect(yields).toBe(12);
    expect(step.value.map(({ data }) => data.agentId)).toEqual(agentIds);
  });
});

describe('an agent without a heartbeat', () => {
  it.each(['connection', 'process'] as const)('is suspected and no more while its %s is there', (evidence) => {
    const { saw, look, act, presence } = fleet('a');
    for (let atMs = SEEN_MS; atMs <= SEEN_MS + 10 * lostAfterMs; atMs += suspectedAfterMs) {
      saw('a', atMs, evidence);
      act(atMs);
    }
    expect(presence('a')).toBe('suspected');
    expect(look(SEEN_MS + 10 * lostAfterMs)).toEqual([]);
  });

  it.each([
    ['connection', 'its connection has ended'],
    ['process', 'its process was seen to be gone'],
  ] as const)('is lost once its %s is gone too, and the reason says both', (evidence, said) => {
    const { saw, look } = fleet('a');
    saw('a', SEEN_MS - 2, evidence, true);
    saw('a', LOST_MS - 1, evidence === 'process' ? 'connection' : 'process');
    expect(look(LOST_MS - 1)).toMatchObject([{ type: 'SuspectAgent' }]);
    const [lost] = look(LOST_MS);
    expect(lost).toMatchObject({ type: 'LoseAgent', data: { reason: expect.stringContaining(said) } });
    expect(lost).toMatchObject({ data: { reason: expect.stringContaining('No heartbeat for 25000 ms') } });
  });

  it('is not suspected while it reports progress', () => {
    const { saw, look } = fleet('a');
    saw('a', LOST_MS - 1, 'progress');
    expect(look(LOST_MS)).toEqual([]);
  });
});

describe('a connection that is gone', () => {
  it('accuses nobody whose heartbeat goes on', () => {
    const { saw, look } = fleet('a');
    saw('a', SEEN_MS, 'connection', true);
    expect(look(SEEN_MS + suspectedAfterMs - 1)).toEqual([]);
  });

  it('is forgotten when it is there again', () => {
    const { saw, look } = fleet('a');
    saw('a', SEEN_MS, 'connection', true);
    saw('a', LOST_MS - 1, 'connection');
    expect(look(LOST_MS)).toMatchObject([{ type: 'SuspectAgent' }]);
  });
});

describe('a process that was seen to be gone', () => {
  it('is proof by itself, unless the agent was heard since', () => {
    const { saw, look } = fleet('a');
    saw('a', SEEN_MS + 1, 'process', true);
    expect(look(SEEN_MS + 2)).toMatchObject([{ type: 'LoseAgent', data: { reason: 'Its process was seen to be gone.' } }]);
    saw('a', SEEN_MS + 3);
    expect(look(SEEN_MS + 4)).toEqual([]);
  });
});

describe('a new owner', () => {
  it('accuses nobody during its grace, and counts silence from the take-over on', () => {
    const { sightings, look } = fleet('a');
    sightings.clear();
    const ownedSinceMs = SEEN_MS;
    expect(look(ownedSinceMs + graceMs - 1, ownedSinceMs)).toEqual([]);
    expect(look(ownedSinceMs + graceMs, ownedSinceMs)).toMatchObject([{ type: 'SuspectAgent' }]);
    expect(look(ownedSinceMs + lostAfterMs, ownedSinceMs)).toMatchObject([{ type: 'LoseAgent' }]);
  });

  it('accuses nobody during its grace even of what it saw itself', () => {
    const { saw, look } = fleet('a');
    saw('a', SEEN_MS + 1, 'process', true);
    expect(look(SEEN_MS + 2, SEEN_MS)).toEqual([]);
    expect(look(SEEN_MS + graceMs, SEEN_MS)).toMatchObject([{ type: 'LoseAgent' }]);
  });
});
