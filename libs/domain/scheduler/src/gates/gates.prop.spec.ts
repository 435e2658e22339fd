import { propertyRounds } from '@torch/testing';
import * as fc from 'fast-check';
import { schedulerDecider, schedulerDeciderWith } from '../decider';
import { isLive } from '../scheduler.state';
import { GATE_SAFETY, goesOnWithout, retold } from './gates.checkers.fixture';
import { play, settleAll, type Step, steps } from './gates.world.fixture';
import { gates } from './gates.exports';

const RUNS = propertyRounds(40);
/** Answers of `settle` are split, usage is forgotten, and claims are soon kept for those who wait. */
const tight = schedulerDeciderWith({ settleEventsMax: 4, usageGroupsMax: 2, claimPatienceMs: 4000 });

describe('gates (safety)', () => {
  it.each(Object.entries(GATE_SAFETY))('%s', (_name, holds) => {
    fc.assert(
      fc.property(steps, (taken) => holds(play(taken).log)),
      RUNS,
    );
  });

  it('nothing that costs goes on against a budget that is overdrawn, nor anything when its time has run out', () => {
    fc.assert(
      fc.property(
        steps,
        (taken) => void play(taken, { decider: tight, after: (world) => expect(goesOnWithout(retold(world))).toEqual([]) }),
      ),
      propertyRounds(25),
    );
  });

  it('the ledgers say what the log says', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const world = play(taken);
        const { state, nowMs } = world;
        const past = retold(world);
        expect(state.budgets.project.usedAt(nowMs)).toMatchObject({
          tokens: past.used.get('project') ?? 0,
          wallMs: past.wallMs('project'),
        });
        expect(state.budgets.project.reservedAt(nowMs).tokens).toBe(past.committedTokens('project') - (past.used.get('project') ?? 0));
        expect(state.quotas.countOf('role', 'developer').live).toBe(
          [...past.live.values()].filter(({ spec }) => spec.role === 'developer').length,
        );
        expect([...state.claims.own.keys()].sort()).toEqual([...past.own.keys()].sort());
        expect(state.claims.all()).toHaveLength(
          [...past.live.values(), ...[...past.own.values()].map(({ paths }) => ({ spec: { claims: paths } }))].flatMap(
            ({ spec }) => spec.claims ?? [],
          ).length,
        );
      }),
      RUNS,
    );
  });
});

describe('gates (liveness)', () => {
  it.each([
    ['as it is', schedulerDecider],
    ['when it is tight', tight],
  ])('whatever waits although a fitting agent is free is held by a gate, %s', (_how, decider) => {
    fc.assert(
      fc.property(steps, (taken) => {
        const { state, nowMs } = play(taken, { decider });
        const rounds = gates().map((gate) => gate.round(state, nowMs));
        for (const task of state.tasks.values()) {
          if (task.status !== 'ready') continue;
          const agents = [...state.agents.values()].filter(
            ({ presence, role, live, capacity }) => presence === 'live' && role === task.spec.role && live.size < capacity,
          );
          const free = agents.filter((agent) => rounds.every((round) => !round.hold(task) && !round.holdAt(task, agent)));
          expect(free.map(({ id }) => `${task.spec.taskId} → ${id}`)).toEqual([]);
        }
      }),
      RUNS,
    );
  });

  it('everything ends once limits, budgets and claims are out of the way', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const freed: Step[] = [
          { do: 'resume' },
          ...Array.from({ length: 40 }, (): Step => ({ do: 'unlimit', which: 0 })),
          ...(['project', 'day', 'agent'] as const).flatMap((scope) => [0, 1, 2].map((which): Step => ({ do: 'budget', scope, which }))),
          ...[0, 1, 2, 3].map((agent): Step => ({ do: 'agent', agent, what: 'register' })),
          { do: 'wait', ms: 6000 },
        ];
        const world = play([...taken, ...freed]);
        for (let rounds = 0; rounds < 300; rounds++) {
          const live = [...world.state.tasks.values()].filter(isLive);
          for (const { spec, attempt, agentId } of live) {
            const data = { taskId: spec.taskId, attempt, agentId, durationMs: 1, usage: { inputTokens: 1 } };
            world.tryToDecide({ type: 'CompleteTask', data });
          }
          world.passTo(world.nowMs + 60_000);
          while (world.settle().length > 0);
        }
        expect([...world.state.tasks.values()].filter(({ endedAtMs }) => endedAtMs === undefined)).toEqual([]);
      }),
      propertyRounds(15),
    );
  });
});

describe('what gates know', () => {
  it('is the same live, from a replay, and from snapshots on the way', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        for (const decider of [schedulerDecider, tight]) {
          const live = play(taken, { decider });
          const restarted = play(taken, { decider, after: (world) => settleAll(world.restart()) }); // As a new owner begins.
          expect(restarted.log).toEqual(live.log);
          expect(live.digest(live.replayed())).toBe(live.digest());
          expect(restarted.digest()).toBe(live.digest());
        }
      }),
      propertyRounds(12),
    );
  });
});
