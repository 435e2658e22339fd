import { durationMs } from '../duration';
import { TIMEOUT_MS_MAX, TIMEOUT_MS_MIN } from '../scheduler/task-spec';
import { secretProblems } from '../redaction/contract.redaction';
import { Plan, type PlanTask } from './plan';

/** What is wrong with a plan, and where: `/tasks/3/dependsOn/0` as a JSON Pointer. */
export interface PlanProblem {
  readonly pointer: string;
  readonly message: string;
}

/** The rules that a schema cannot say. A plan without problems can be submitted whole. */
export function planProblems(plan: Plan): PlanProblem[] {
  const { tasks } = plan;
  return [
    ...duplicateKeys(tasks),
    ...unclearWork(tasks),
    ...timeouts(tasks),
    ...agentLimits(plan),
    ...unknownDependencies(tasks),
    ...cycle(tasks),
    ...secretProblems(Plan, plan),
  ];
}

function duplicateKeys(tasks: readonly PlanTask[]): PlanProblem[] {
  const firstAt = new Map<string, number>();
  return tasks.flatMap(({ key }, i) => {
    const first = firstAt.get(key);
    if (first === undefined) firstAt.set(key, i);
    return first === undefined ? [] : [{ pointer: `/tasks/${i}/key`, message: `Key "${key}" is already that of task ${first}.` }];
  });
}

function unclearWork(tasks: readonly PlanTask[]): PlanProblem[] {
  return tasks.flatMap(({ key, run, prompt }, i) =>
    (run === undefined) === (prompt === undefined)
      ? [{ pointer: `/tasks/${i}`, message: `Task "${key}" needs exactly one of "run" and "prompt".` }]
      : [],
  );
}

function timeouts(tasks: readonly PlanTask[]): PlanProblem[] {
  return tasks.flatMap(({ timeout }, i) => {
    const ms = timeout === undefined ? undefined : durationMs(timeout);
    if (ms === undefined || (ms >= TIMEOUT_MS_MIN && ms <= TIMEOUT_MS_MAX)) return [];
    return [{ pointer: `/tasks/${i}/timeout`, message: `A timeout must be between 100ms and 7d, but is ${timeout}.` }];
  });
}

function agentLimits({ agents = [] }: Plan): PlanProblem[] {
  return agents.flatMap(({ count, min, max }, i) => {
    if (count !== undefined && (min !== undefined || max !== undefined)) {
      return [{ pointer: `/agents/${i}/count`, message: 'Give either "count", or "min" and "max".' }];
    }
    if (min !== undefined && min > (max ?? Math.max(1, min)))
      return [{ pointer: `/agents/${i}/min`, message: `"min" (${min}) is above "max" (${max}).` }];
    return [];
  });
}

function unknownDependencies(tasks: readonly PlanTask[]): PlanProblem[] {
  const keys = new Set(tasks.map(({ key }) => key));
  return tasks.flatMap(({ key, dependsOn = [] }, i) =>
    dependsOn.flatMap((dependency, j) =>
      keys.has(dependency)
        ? []
        : [{ pointer: `/tasks/${i}/dependsOn/${j}`, message: `Task "${key}" depends on "${dependency}", which is not in the plan.` }],
    ),
  );
}

/** Kahn's algorithm: what cannot be put in order is in a cycle or behind one; walking back finds the cycle itself. */
function cycle(tasks: readonly PlanTask[]): PlanProblem[] {
  const byKey = new Map(tasks.map((task) => [task.key, task]));
  const waitsFor = new Map(tasks.map(({ key, dependsOn = [] }) => [key, new Set(dependsOn.filter((d) => byKey.has(d)))]));
  const dependants = new Map<string, string[]>();
  for (const [key, dependencies] of waitsFor) for (const d of dependencies) dependants.set(d, [...(dependants.get(d) ?? []), key]);

  const free = [...waitsFor].filter(([, dependencies]) => dependencies.size === 0).map(([key]) => key);
  for (let key = free.pop(); key !== undefined; key = free.pop()) {
    waitsFor.delete(key);
    for (const dependant of dependants.get(key) ?? []) {
      const left = waitsFor.get(dependant);
      left?.delete(key);
      if (left?.size === 0) free.push(dependant);
    }
  }
  if (waitsFor.size === 0) return [];

  const path: string[] = [];
  let at = waitsFor.keys().next().value as string;
  while (!path.includes(at)) {
    path.push(at);
    at = waitsFor.get(at)?.values().next().value as string;
  }
  const around = [...path.slice(path.indexOf(at)), at];
  const index = tasks.findIndex(({ key }) => key === at);
  return [{ pointer: `/tasks/${index}/dependsOn`, message: `Tasks depend on each other in a circle: ${around.join(' → ')}.` }];
}
