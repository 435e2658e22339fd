import { DeciderRun } from '@torch/testing';
import fc from 'fast-check';
import { agentState } from './agent-state';
import { command, registryAfter, SMALL, smallRegistry, steps } from './fleet.fixture';
import { isPresent, type RegistryState } from './registry.state';
import { listAgents } from './registry.views';

const commands = fc.array(command, { maxLength: 60, size: 'max' });

/** Which changes of presence each event may make. */
const STEPS: Record<string, readonly string[]> = {
  'agent.registered': ['unknown>live', 'live>live', 'suspected>live', 'lost>live', 'deregistered>live'],
  'agent.updated': ['live>live', 'suspected>suspected', 'lost>lost'],
  'agent.draining': ['live>live', 'suspected>suspected', 'lost>lost'],
  'agent.paused': ['live>live', 'suspected>suspected', 'lost>lost'],
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
        const run = new DeciderRun(smallRegistry);
        for (const command of commands) {
          const id = (command.data as { agentId: string }).agentId;
          const before = presenceOf(run.state, id);
          const decided = run.tryToDecide(command);
          if (!Array.isArray(decided)) {
            expect(presenceOf(run.state, id)).toBe(before);
            continue;
          }
          const [first, ...goingOn] = decided;
          if (first) expect(STEPS[first.type]).toContain(`${before}>${presenceOf(run.state, id)}`);
          for (const { type } of goingOn) expect([first?.type, type].join()).toMatch(/^agent.registered,agent.(draining|paused)$/);
          for (const { data } of decided) expect((data as { agentId: string }).agentId).toBe(id);
        }
      }),
    );
  });

  it('a command that was decided once has no event when it comes again', () => {
    fc.assert(
      fc.property(commands, (commands) => {
        const run = new DeciderRun(smallRegistry);
        for (const command of commands) {
          if (Array.isArray(run.tryToDecide(command))) expect(run.decide(command)).toEqual([]);
        }
      }),
    );
  });

  it('an agent is in one state wherever it is asked for, and no more attempts run than the ledger holds', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        registryAfter(steps, ({ state }) => {
          const counts = state.ledger.counts();
          for (const agent of listAgents(state, {}, () => undefined).agents) {
            const record = state.agents.get(agent.agentId)!;
            expect(agent.state).toBe(agentState(record, true));
            expect({ running: record.running, questions: record.questions }).toEqual(
              counts.get(agent.agentId) ?? { running: 0, questions: 0 },
            );
            const listed = (query: object) =>
              listAgents(state, query, () => undefined).agents.some(({ agentId }) => agentId === agent.agentId);
            expect(listed({ state: agent.state })).toBe(true);
            expect(['idle', 'busy', 'draining', 'lost', 'stopped'].filter((state) => listed({ state })).length).toBeLessThanOrEqual(1);
          }
        });
      }),
      { numRuns: 40 },
    );
  });

  it('no more is kept than the limits say', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        registryAfter(steps, ({ state }) => {
          const agents = [...state.agents.values()];
          expect(agents.filter(isPresent).length).toBeLessThanOrEqual(SMALL.agentsPresentMax);
          expect(state.gone.size).toBeLessThanOrEqual(SMALL.agentsGoneMax);
          for (const { replacedInstances, record } of agents) {
            expect(replacedInstances.length).toBeLessThanOrEqual(SMALL.replacedInstancesMax);
            expect(record.length).toBeLessThanOrEqual(SMALL.talliesMax);
          }
          expect(new Set(agents.filter((agent) => !isPresent(agent)).map(({ agentId }) => agentId))).toEqual(state.gone);
        });
      }),
      { numRuns: 40 },
    );
  });

  it('a replay of the log, and a snapshot anywhere in it, arrive at the live state', () => {
    fc.assert(
      fc.property(steps, fc.nat(60), (steps, restartAt) => {
        const run = registryAfter(steps, (run, at) => void (at === restartAt && run.restart()));
        const replayed = run.replayed();
        expect(run.digest(replayed)).toBe(run.digest());
        const listed = (state: RegistryState) => JSON.parse(JSON.stringify(listAgents(state, {}, () => undefined)));
        expect(listed(run.restart().state)).toEqual(listed(replayed));
        expect(smallRegistry.dueAtMs?.(run.state)).toBe(smallRegistry.dueAtMs?.(replayed));
      }),
    );
  });
});

describe('liveness', () => {
  it('every pause with an end comes to it', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const run = registryAfter(steps);
        for (let turns = 0; run.dueAtMs() < Infinity; turns++) {
          expect(turns).toBeLessThan(20);
          run.passTo(run.dueAtMs());
        }
        for (const { pause } of run.state.agents.values()) expect(pause?.untilMs).toBeUndefined();
      }),
    );
  });
});
