import { EVIDENCE_KINDS, type Heartbeat } from '@torch/contracts';
import fc from 'fast-check';
import { AGENT_IDS, registryAfter, SMALL, type Step, steps } from './fleet.fixture';
import { PRESENCE_DEFAULTS, presenceCommands } from './presence.policy';
import { isPresent } from './registry.state';
import { note, type Sighting, type Sightings } from './sightings';

const { lostAfterMs, graceMs } = PRESENCE_DEFAULTS;
const OWNED_SINCE_MS = 2 ** 33;

/** Mostly of the first instance, which most agents are. */
const evidence: fc.Arbitrary<Heartbeat & { readonly atMs: number }> = fc.record({
  agentId: fc.constantFrom(...AGENT_IDS),
  instance: fc.constantFrom('1', '1', '1', '2'),
  evidence: fc.constantFrom(...EVIDENCE_KINDS),
  gone: fc.constantFrom(false, false, false, true),
  atMs: fc.integer({ min: OWNED_SINCE_MS, max: OWNED_SINCE_MS + 3 * lostAfterMs }),
});
const seen = fc.array(evidence, { maxLength: 40, size: 'max' }).map((all) => all.sort((a, b) => a.atMs - b.atMs));
const nowMs = fc.integer({ min: OWNED_SINCE_MS, max: OWNED_SINCE_MS + 5 * lostAfterMs });

/** Four agents that are there, and then whatever happens to them. */
const fleet = steps.map((later): Step[] => [
  ...AGENT_IDS.slice(0, 4).map((agentId) => ({
    command: { type: 'RegisterAgent', data: { agentId, instance: '1', role: 'developer', skills: [], harness: 'exec' } },
  })),
  ...later.slice(0, 20),
]);

function noted(all: readonly (Heartbeat & { readonly atMs: number })[], untilMs: number): Sightings {
  const sightings: Sightings = new Map();
  for (const { atMs, ...heartbeat } of all) if (atMs <= untilMs) note(sightings, heartbeat, atMs);
  return sightings;
}

/** Kinds of evidence against an agent, counted one by one. */
function against(sighting: Sighting | undefined, nowMs: number): string[] {
  const old = (atMs = 0): boolean => nowMs - Math.max(atMs, OWNED_SINCE_MS) >= lostAfterMs;
  const { heartbeatAtMs, connectionAtMs, processAtMs, progressAtMs, connectionGoneAtMs, processGoneAtMs } = sighting ?? {};
  const kinds: string[] = [];
  if (old(heartbeatAtMs) && old(progressAtMs)) kinds.push('silence');
  if (connectionGoneAtMs !== undefined) kinds.push('connection');
  if (processGoneAtMs !== undefined) kinds.push('process');
  if ([connectionAtMs, processAtMs, progressAtMs].every(old)) kinds.push('unseen');
  return kinds;
}

describe('safety', () => {
  it('nobody is lost but by its silence and another kind of evidence, or by the end of its process', () => {
    fc.assert(
      fc.property(fleet, seen, nowMs, (steps, seen, nowMs) => {
        const { state } = registryAfter(steps);
        const sightings = noted(seen, nowMs);
        const look = { state, sightings, ownedSinceMs: OWNED_SINCE_MS, nowMs, config: PRESENCE_DEFAULTS };
        for (const { type, data } of presenceCommands(look)) {
          if (type !== 'LoseAgent') continue;
          const sighting = sightings.get(data.agentId);
          const kinds = against(sighting?.instance === data.instance ? sighting : undefined, nowMs);
          expect(kinds.includes('process') || (kinds.includes('silence') && kinds.length >= 2)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('a new owner accuses nobody within its grace', () => {
    fc.assert(
      fc.property(fleet, seen, fc.nat(graceMs - 1), (steps, seen, sinceMs) => {
        const { state } = registryAfter(steps);
        const nowMs = OWNED_SINCE_MS + sinceMs;
        const look = { state, sightings: noted(seen, nowMs), ownedSinceMs: OWNED_SINCE_MS, nowMs, config: PRESENCE_DEFAULTS };
        expect(presenceCommands(look).filter(({ type }) => type !== 'RecoverAgent')).toEqual([]);
      }),
    );
  });
});

describe('liveness', () => {
  it('whoever nobody sees for long enough is lost, and whoever is heard is live, whatever happened before', () => {
    fc.assert(
      fc.property(steps, fc.subarray(AGENT_IDS), (steps, heard) => {
        const run = registryAfter(steps);
        const nowMs = OWNED_SINCE_MS + lostAfterMs;
        const sightings: Sightings = new Map();
        for (const agentId of heard) {
          const agent = run.state.agents.get(agentId);
          if (agent) note(sightings, { agentId, instance: agent.instance }, nowMs - 1);
        }
        run.at(nowMs);
        const look = () =>
          presenceCommands({ state: run.state, sightings, ownedSinceMs: OWNED_SINCE_MS, nowMs, config: PRESENCE_DEFAULTS });
        // The first look may have to make room for what the second brings back.
        for (let looks = 0; looks < 2; looks++) look().forEach((command) => run.tryToDecide(command));
        const agents = [...run.state.agents.values()].filter(({ presence }) => presence !== 'deregistered');
        const isFull = agents.filter(isPresent).length === SMALL.agentsPresentMax;
        for (const { agentId, presence } of agents) {
          if (!heard.includes(agentId)) expect(presence).toBe('lost');
          else if (!isFull) expect(presence).toBe('live');
        }
      }),
    );
  });
});
