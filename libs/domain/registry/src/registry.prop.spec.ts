import { DeciderRun, type SpecCommand } from '@torch/testing';
import fc from 'fast-check';
import { PRESENCE_DEFAULTS, presenceCommands, type Sightings } from './presence.policy';
import { registryDeciderWith } from './registry.decider';
import { isPresent, type RegistryState } from './registry.state';
import { listAgents } from './registry.views';

const LIMITS = { agentsPresentMax: 4, agentsGoneMax: 2, replacedInstancesMax: 2 };
const decider = registryDeciderWith(LIMITS);

const agentId = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const instance = fc.constantFrom('1', '2', '3', '4');
const skills = fc.subarray(['go', 'rust', 'ts']);
const lastSeenAtMs = fc.nat();
const command: fc.Arbitrary<SpecCommand> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .record({ agentId, instance, skills, role: fc.constantFrom('developer', 'specialist'), harness: fc.constant('exec') })
      .map((data) => ({ type: 'RegisterAgent', data })),
  },
  fc.record({ agentId, reason: fc.constant('Done.') }).map((data) => ({ type: 'DeregisterAgent', data })),
  fc.record({ agentId, instance, lastSeenAtMs }).map((data) => ({ type: 'SuspectAgent', data })),
  fc
    .record({ agentId, instance: fc.option(instance, { nil: undefined }), reason: fc.constant('Silence.'), lastSeenAtMs })
    .map((data) => ({ type: 'LoseAgent', data })),
  fc.record({ agentId, instance }).map((data) => ({ type: 'RecoverAgent', data })),
);
const commands = fc.array(command, { maxLength: 60, size: 'max' });

/** Which changes of presence each event may make. */
const STEPS: Record<string, readonly string[]> = {
  'agent.registered': ['unknown>live', 'live>live', 'suspected>live', 'lost>live', 'deregistered>live'],
  'agent.suspected': ['live>suspected'],
  'agent.lost': ['live>lost', 'suspected>lost'],
  'agent.recovered': ['suspected>live', 'lost>live'],
  'agent.deregistered': ['live>deregistered', 'suspected>deregistered', 'lost>deregistered'],
};

const presenceOf = (state: RegistryState, id: string): string => state.agents.get(id)?.presence ?? 'unknown';

describe('safety', () => {
  it('presence changes only as the rules allow, and only for the agent that the event names', () => {
    fc.assert(
      fc.property(commands, (commands) => {
        const run = new DeciderRun(decider);
        for (const command of commands) {
          const id = (command.data as { agentId: string }).agentId;
          const before = presenceOf(run.state, id);
          const decided = run.tryToDecide(command);
          if (!Array.isArray(decided)) {
            expect(presenceOf(run.state, id)).toBe(before);
            continue;
          }
          expect(decided.length).toBeLessThanOrEqual(1);
          for (const { type, data } of decided) {
            expect((data as { agentId: string }).agentId).toBe(id);
            expect(STEPS[type]).toContain(`${before}>${presenceOf(run.state, id)}`);
          }
        }
      }),
    );
  });

  it('a command that was decided once has no event when it comes again', () => {
    fc.assert(
      fc.property(commands, (commands) => {
        const run = new DeciderRun(decider);
        for (const command of commands) {
          if (Array.isArray(run.tryToDecide(command))) expect(run.decide(command)).toEqual([]);
        }
      }),
    );
  });

  it('no more agents are kept than the limits say, and the index holds exactly those', () => {
    fc.assert(
      fc.property(commands, skills, (commands, skills) => {
        const run = new DeciderRun(decider);
        for (const command of commands) {
          run.tryToDecide(command);
          const agents = [...run.state.agents.values()];
          expect(agents.filter(isPresent).length).toBeLessThanOrEqual(LIMITS.agentsPresentMax);
          expect(run.state.gone.size).toBeLessThanOrEqual(LIMITS.agentsGoneMax);
          for (const { replacedInstances } of agents) expect(replacedInstances.length).toBeLessThanOrEqual(LIMITS.replacedInstancesMax);
          expect(new Set(agents.filter((agent) => !isPresent(agent)).map(({ agentId }) => agentId))).toEqual(run.state.gone);
          for (const filter of [
            {},
            { role: 'developer' },
            { skills },
            { role: 'specialist', skills, presence: 'live' as const, after: 'b' },
          ]) {
            const wanted = agents.filter(
              (agent) =>
                (!filter.role || agent.role === filter.role) &&
                (!filter.presence || agent.presence === filter.presence) &&
                (!filter.after || agent.agentId > filter.after) &&
                (filter.skills ?? []).every((skill) => agent.skills.includes(skill)),
            );
            expect([...run.state.index.find(filter)]).toEqual(wanted.map(({ agentId }) => agentId).sort());
          }
        }
      }),
    );
  });

  it('a replay of the log, and a snapshot anywhere in it, arrive at the live state', () => {
    fc.assert(
      fc.property(commands, fc.nat(60), (commands, restartAt) => {
        const run = new DeciderRun(decider);
        commands.forEach((command, i) => {
          run.tryToDecide(command);
          if (i === restartAt) run.restart();
        });
        expect(run.digest(run.replayed())).toBe(run.digest());
        expect(listAgents(run.restart().state, {}, () => undefined)).toEqual(
          JSON.parse(JSON.stringify(listAgents(run.replayed(), {}, () => undefined))),
        );
      }),
    );
  });
});

describe('liveness', () => {
  it('whoever is silent for long enough is lost, and whoever is heard is live, whatever happened before', () => {
    fc.assert(
      fc.property(commands, fc.subarray(['a', 'b', 'c', 'd', 'e', 'f']), (commands, heard) => {
        const run = new DeciderRun(decider);
        for (const command of commands) run.tryToDecide(command);
        const ownedSinceMs = run.nowMs + 2 ** 32;
        const nowMs = ownedSinceMs + PRESENCE_DEFAULTS.lostAfterMs;
        const sightings: Sightings = new Map();
        for (const id of heard) {
          const agent = run.state.agents.get(id);
          if (agent) sightings.set(id, { instance: agent.instance, seenAtMs: nowMs - 1 });
        }
        run.at(nowMs);
        const look = () => presenceCommands({ state: run.state, sightings, ownedSinceMs, nowMs, config: PRESENCE_DEFAULTS });
        // The first look may have to make room for what the second brings back.
        for (let looks = 0; looks < 2; looks++) look().forEach((command) => run.tryToDecide(command));
        const agents = [...run.state.agents.values()].filter(({ presence }) => presence !== 'deregistered');
        const isFull = agents.filter(isPresent).length === LIMITS.agentsPresentMax;
        for (const { agentId, presence } of agents) {
          if (!heard.includes(agentId)) expect(presence).toBe('lost');
          else if (!isFull) expect(presence).toBe('live');
        }
      }),
    );
  });
});
