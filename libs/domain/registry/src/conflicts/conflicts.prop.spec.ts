import { DeciderRun, type SpecCommand, type SpecEvent } from '@torch/testing';
import fc from 'fast-check';
import { registryDeciderWith } from '../registry.decider';
import { REGISTRY_LIMITS, type RegistryState } from '../registry.state';
import { getConflict, listConflicts } from './conflicts.reads';

const LIMITS = { unresolvedMax: 3, resolvedMax: 2 };
const decider = registryDeciderWith({ ...REGISTRY_LIMITS, conflicts: LIMITS });
const AGENTS: SpecEvent[] = [
  ['a', 'developer'],
  ['b', 'developer'],
  ['c', 'tester'],
  ['pm', 'project-manager'],
].map(([agentId, role]) => ({
  type: 'agent.registered',
  data: { agentId, name: agentId, role, skills: [], capacity: 1, harness: 'exec', instance: 'i', registeredAtMs: 1 },
}));

const actor = fc.constantFrom('agent:a', 'agent:b', 'agent:c', 'agent:pm', 'user:operator', 'service:registry');
const party = fc.constantFrom('agent:a', 'agent:b', 'agent:c', 'user:operator');
const conflictId = fc.constantFrom('1', '2', '3', '4', '5', '6');
const open: fc.Arbitrary<SpecCommand> = fc.record({
  type: fc.constant('OpenConflict'),
  actor,
  data: fc.record({
    conflictId,
    kind: fc.constantFrom('results', 'claim'),
    about: fc.constantFrom('x', 'y', 'z'),
    parties: fc.uniqueArray(party, { minLength: 2 }).map((actors) => actors.map((actor) => ({ actor, evidence: 'Seen.' }))),
    deadlineMs: fc.integer({ min: 1000, max: 5000 }),
  }),
});
const resolve: fc.Arbitrary<SpecCommand> = fc.record({
  type: fc.constant('ResolveConflict'),
  actor,
  data: fc.record({ conflictId, resolution: fc.constantFrom('Yes.', 'No.'), inFavourOf: fc.option(party, { nil: undefined }) }),
});
const pass = fc.integer({ min: 1, max: 3000 });
type Step = SpecCommand | number;
const steps = fc.array(fc.oneof({ weight: 3, arbitrary: open as fc.Arbitrary<Step> }, resolve, pass), {
  maxLength: 40,
  size: 'max',
});

type Run = DeciderRun<RegistryState>;
const start = (): Run => new DeciderRun(decider).happened(...AGENTS);
const take = (run: Run, step: Step) => (typeof step === 'number' ? run.passTo(run.nowMs + step) : run.tryToDecide(step));

describe('safety', () => {
  it('only parties, project managers and people resolve, or the registry what is moot; after an escalation only people', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const run = start();
        for (const step of steps) {
          const before = new Map([...run.state.conflicts.all()].map((conflict) => [conflict.conflictId, conflict]));
          const decided = take(run, step);
          if (!Array.isArray(decided) || typeof step === 'number') continue;
          for (const { type, data } of decided) {
            if (type !== 'conflict.resolved') continue;
            const conflict = before.get((data as { conflictId: string }).conflictId);
            const actor = step.actor as string;
            expect(conflict?.status).not.toBe('resolved');
            if (conflict?.status === 'escalated') expect(actor).toBe('user:operator');
            else
              expect(['agent:pm', 'user:operator', 'service:registry', ...(conflict?.parties ?? []).map(({ actor }) => actor)]).toContain(
                actor,
              );
          }
        }
      }),
    );
  });

  it('a resolved conflict stays as it was resolved, as long as it is known', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const run = start();
        const resolved = new Map<string, string>();
        for (const step of steps) {
          take(run, step);
          for (const { conflictId } of [...run.state.conflicts.all()]) {
            const view = getConflict(run.state, { conflictId }).conflict;
            const key = `${conflictId} ${view?.openedAtMs} ${view?.about}`;
            if (resolved.has(key)) expect(JSON.stringify(view)).toBe(resolved.get(key));
            else if (view?.status === 'resolved') resolved.set(key, JSON.stringify(view));
          }
        }
      }),
    );
  });

  it('no more are unresolved, and no more resolved ones known, than the limits say; none is about the same between the same', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const run = start();
        for (const step of steps) {
          take(run, step);
          const all = listConflicts(run.state, { limit: 1000 }).conflicts;
          const unresolved = all.filter(({ status }) => status !== 'resolved');
          expect(unresolved.length).toBeLessThanOrEqual(LIMITS.unresolvedMax);
          expect(all.length - unresolved.length).toBeLessThanOrEqual(LIMITS.resolvedMax);
          const matters = unresolved.map(({ kind, about, parties }) => `${kind} ${about} ${parties.map(({ actor }) => actor).sort()}`);
          expect(new Set(matters).size).toBe(matters.length);
        }
      }),
    );
  });

  it('a replay of the log, and a snapshot anywhere in it, arrive at the live state and its next deadline', () => {
    fc.assert(
      fc.property(steps, fc.nat(40), (steps, restartAt) => {
        const run = start();
        steps.forEach((step, i) => {
          take(run, step);
          if (i === restartAt) run.restart();
        });
        const replayed = run.replayed();
        expect(run.digest(replayed)).toBe(run.digest());
        expect(decider.dueAtMs?.(replayed)).toBe(run.dueAtMs());
        expect(run.restart().dueAtMs()).toBe(decider.dueAtMs?.(replayed));
      }),
    );
  });
});

describe('liveness', () => {
  it('every open conflict is resolved or escalated once its deadline is over, and a person can end every one', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const run = start();
        for (const step of steps) take(run, step);
        run.passTo(run.nowMs + 5000);
        expect(listConflicts(run.state, { status: 'open' }).conflicts).toEqual([]);
        expect(run.dueAtMs()).toBe(Infinity);
        for (const { conflictId } of listConflicts(run.state, { status: 'escalated' }).conflicts)
          expect(run.decide({ type: 'ResolveConflict', data: { conflictId, resolution: 'So be it.' } })).toHaveLength(1);
        expect(run.state.conflicts.unresolvedCount).toBe(0);
      }),
    );
  });
});
