import type { TaskSpec } from '@torch/contracts';
import { canonicalJson } from '@torch/kernel';
import { propertyRounds } from '@torch/testing';
import * as fc from 'fast-check';
import { gates } from '../gates/gates.exports';
import { Matching } from '../matching';
import { assignments, decider, newProject, parkedTasks, playStep, type Project, settleAll, type Step, steps } from './order.world.fixture';

const RUNS = propertyRounds(40);
const nothing = (): void => undefined;

function played(taken: readonly Step[], settled: (project: Project) => void = nothing): Project {
  const project = newProject();
  for (const one of taken) playStep(project, one, settled);
  settleAll(project, settled);
  return project;
}

function decidesAsRestored({ state, nowMs }: Project): void {
  const restored = decider.snapshot.decode(JSON.parse(canonicalJson(decider.snapshot.encode(state))));
  const context = { nowMs, newId: () => 'id' };
  expect(decider.settle?.(state, context)).toEqual(decider.settle?.(restored, context));
}

const levelIn = (skills: readonly string[], name: string): number =>
  Math.max(0, ...skills.map((skill) => skill.split(':')).flatMap(([its, level = '1']) => (its === name ? [Number(level)] : [])));

function meets(agent: { skills: readonly string[]; labels?: Record<string, string> }, { skills, labels = {} }: TaskSpec): boolean {
  const hasSkills = skills.every((skill) => levelIn(agent.skills, skill.split(':')[0] ?? '') >= Number(skill.split(':')[1] ?? 1));
  return hasSkills && Object.entries(labels).every(([name, text]) => agent.labels?.[name] === text);
}

describe('the order (safety)', () => {
  it('what is parked is held: each gate that is asked again says so', () => {
    let parked = 0;
    fc.assert(
      fc.property(steps, (taken) => {
        played(taken, ({ state, nowMs }) => {
          state.matching.passTo(nowMs);
          for (const task of parkedTasks(state)) {
            parked++;
            const held = gates().some((gate) => gate.round(state, nowMs).hold(task) !== undefined);
            if (!held) throw new Error(`Task ${task.spec.taskId} is parked, and nothing holds it.`);
          }
        });
      }),
      RUNS,
    );
    expect(parked).toBeGreaterThan(20);
  });

  it('decides as a state does that has nothing parked', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        played(taken, decidesAsRestored);
      }),
      RUNS,
    );
  });

  it('is caught when nothing wakes what is parked', () => {
    const asleep = jest.spyOn(Matching.prototype, 'wake').mockImplementation(nothing);
    const found = fc.check(
      fc.property(steps, (taken) => void played(taken, decidesAsRestored)),
      { numRuns: 300, seed: 7, endOnFailure: true },
    );
    asleep.mockRestore();
    expect(found.failed).toBe(true);
  });

  it('leaves the state as it was: a plan that is not carried out changes nothing', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        played(taken, (project) => {
          const before = project.digest();
          decider.settle?.(project.state, { nowMs: project.nowMs, newId: () => 'id' });
          expect(project.digest()).toBe(before);
        });
      }),
      RUNS,
    );
  });

  it('replays to the state that it had live', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const project = played(taken);
        expect(project.digest(project.replayed())).toBe(project.digest());
      }),
      RUNS,
    );
  });

  it('gives no task to an agent without the skills and labels, to one that drains or pauses, or to one that it keeps away from', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const project = played(taken);
        const agents = new Map<string, { skills: string[]; labels?: Record<string, string>; away: boolean; untilMs: number }>();
        const specs = new Map<string, TaskSpec>();
        const didTask = new Map<string, Set<string>>();
        for (const { type, data } of project.log) {
          const { agentId, spec, untilMs } = data as { agentId: string; spec: TaskSpec; untilMs: number };
          if (type === 'task.submitted') specs.set(spec.taskId, spec);
          else if (type === 'agent.registered') {
            const { skills, labels } = data as { skills: string[]; labels?: Record<string, string> };
            agents.set(agentId, { skills, labels, away: false, untilMs: agents.get(agentId)?.untilMs ?? 0 });
          } else if (type === 'agent.paused') Object.assign(agents.get(agentId) ?? {}, { untilMs });
          else if (type === 'agent.draining' || type === 'agent.lost') Object.assign(agents.get(agentId) ?? {}, { away: true });
          for (const { taskId, assignedAtMs } of assignments([{ type, data }])) {
            const agent = agents.get(agentId);
            const its = specs.get(taskId) as TaskSpec;
            expect(agent && meets(agent, its) && !agent.away && agent.untilMs <= assignedAtMs).toBe(true);
            for (const other of its.affinity?.notAgentOf ?? []) expect(didTask.get(other)?.has(agentId) ?? false).toBe(false);
            didTask.set(taskId, (didTask.get(taskId) ?? new Set()).add(agentId));
          }
        }
      }),
      RUNS,
    );
  });
});
