import { DeciderRun } from '@torch/testing';
import { forgetStrangers, PRESENCE_DEFAULTS, presenceCommands, type Sightings } from './presence.policy';
import { registryDecider } from './registry.decider';

const { suspectedAfterMs, lostAfterMs, graceMs } = PRESENCE_DEFAULTS;
const OWNED_SINCE_MS = 1_000_000;
const SEEN_MS = OWNED_SINCE_MS + 100_000;

function fleet(...agentIds: string[]) {
  const run = new DeciderRun(registryDecider).at(OWNED_SINCE_MS);
  for (const agentId of agentIds) {
    run.decide({ type: 'RegisterAgent', data: { agentId, role: 'developer', skills: [], harness: 'exec', instance: `${agentId}-i` } });
  }
  const sightings: Sightings = new Map(agentIds.map((agentId) => [agentId, { instance: `${agentId}-i`, seenAtMs: SEEN_MS }]));
  const look = (nowMs: number, ownedSinceMs = OWNED_SINCE_MS, config = PRESENCE_DEFAULTS) =>
    presenceCommands({ state: run.state, sightings, ownedSinceMs, nowMs, config });
  const act = (nowMs: number) => look(nowMs).forEach((command) => run.at(nowMs).decide(command));
  const presence = (agentId: string) => run.state.agents.get(agentId)?.presence;
  return { run, sightings, look, act, presence };
}

describe('the watch over heartbeats', () => {
  it('says nothing about who was seen in time', () => {
    expect(fleet('a').look(SEEN_MS + suspectedAfterMs - 1)).toEqual([]);
  });

  it('suspects after the first limit of silence and loses after the second', () => {
    const { look, act, presence } = fleet('a');
    expect(look(SEEN_MS + suspectedAfterMs)).toEqual([
      { type: 'SuspectAgent', data: { agentId: 'a', instance: 'a-i', lastSeenAtMs: SEEN_MS } },
    ]);
    act(SEEN_MS + suspectedAfterMs);
    expect(look(SEEN_MS + lostAfterMs - 1)).toEqual([]);
    act(SEEN_MS + lostAfterMs);
    expect(presence('a')).toBe('lost');
    expect(look(SEEN_MS + 10 * lostAfterMs)).toEqual([]);
  });

  it.each([suspectedAfterMs, lostAfterMs])('brings an agent back whose heartbeat comes after %d ms of silence', (silenceMs) => {
    const { act, presence, sightings } = fleet('a');
    act(SEEN_MS + silenceMs);
    sightings.set('a', { instance: 'a-i', seenAtMs: SEEN_MS + silenceMs + 1 });
    act(SEEN_MS + silenceMs + 2);
    expect(presence('a')).toBe('live');
  });

  it('brings agents back before it loses others, so that none is forgotten in between', () => {
    const { run, look, sightings } = fleet('a', 'b');
    run.at(SEEN_MS).decide({ type: 'LoseAgent', data: { agentId: 'b', reason: 'Silence.', lastSeenAtMs: 0 } });
    sightings.set('b', { instance: 'b-i', seenAtMs: SEEN_MS + lostAfterMs });
    expect(look(SEEN_MS + lostAfterMs).map(({ type, data }) => [type, data.agentId])).toEqual([
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
    sightings.set('a', { instance: 'other', seenAtMs: SEEN_MS });
    expect(look(SEEN_MS)).toMatchObject([{ type: 'LoseAgent' }]);
  });

  it('accuses nobody during the grace of a new owner, and counts silence from the take-over on', () => {
    const { sightings, look } = fleet('a');
    sightings.clear();
    const ownedSinceMs = SEEN_MS;
    expect(look(ownedSinceMs + graceMs - 1, ownedSinceMs)).toEqual([]);
    expect(look(ownedSinceMs + graceMs, ownedSinceMs)).toMatchObject([{ type: 'SuspectAgent' }]);
    expect(look(ownedSinceMs + lostAfterMs, ownedSinceMs)).toMatchObject([{ type: 'LoseAgent' }]);
  });

  it('gives at most so many commands at a time, and the rest with the next look', () => {
    const { look, run } = fleet('a', 'b', 'c');
    const config = { ...PRESENCE_DEFAULTS, commandsMax: 2 };
    const first = look(SEEN_MS + lostAfterMs, OWNED_SINCE_MS, config);
    expect(first).toHaveLength(2);
    first.forEach((command) => run.decide(command));
    expect(look(SEEN_MS + lostAfterMs, OWNED_SINCE_MS, config)).toMatchObject([{ type: 'LoseAgent', data: { agentId: 'c' } }]);
  });

  it('forgets sightings of agents and instances that are not known any more', () => {
    const { run, sightings } = fleet('a', 'b', 'c');
    run.decide({ type: 'DeregisterAgent', data: { agentId: 'a', reason: 'Done.' } });
    sightings.set('b', { instance: 'other', seenAtMs: SEEN_MS });
    forgetStrangers(run.state, sightings);
    expect([...sightings.keys()]).toEqual(['c']);
  });
});
