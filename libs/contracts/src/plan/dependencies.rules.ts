import { DEPENDENCIES_MAX } from '../scheduler/task-spec';
import type { PlanProblem } from './plan.rules';
import type { PlanEdge, PlanTask } from './plan.task';

/** A task of another run goes by its full id, which begins with its run's; no id of a task is without one of these. */
const FULL_ID = /[.:]/;

/** A dependency and where it stands, from the task on. */
interface Place {
  readonly pointer: string;
  readonly task: string;
}

const places = ({ dependsOn = [], after = [] }: PlanTask): Place[] => [
  ...dependsOn.map((task, i) => ({ pointer: `/dependsOn/${i}`, task })),
  ...after.map(({ task }, i) => ({ pointer: `/after/${i}/task`, task })),
];

const affinityPlaces = ({ affinity: { sameAgentAs = [], notAgentOf = [] } = {} }: PlanTask): Place[] => [
  ...sameAgentAs.map((task, i) => ({ pointer: `/affinity/sameAgentAs/${i}`, task })),
  ...notAgentOf.map((task, i) => ({ pointer: `/affinity/notAgentOf/${i}`, task })),
];

/** Dependencies and affinities that name nothing, or contradict each other. Whether a task of another run is there, the scheduler knows. */
export function unclearDependencies(tasks: readonly PlanTask[]): PlanProblem[] {
  const keys = new Set(tasks.map(({ key }) => key));
  const isUnknown = ({ task }: Place): boolean => !keys.has(task) && !FULL_ID.test(task);
  return tasks.flatMap((task, i) => {
    const at = (pointer: string): string => `/tasks/${i}${pointer}`;
    return [
      ...places(task)
        .filter(isUnknown)
        .map((place) => ({
          pointer: at(place.pointer),
          message: `Task "${task.key}" depends on "${place.task}", which is not in the plan.`,
        })),
      ...affinityPlaces(task)
        .filter(isUnknown)
        .map((place) => ({
          pointer: at(place.pointer),
          message: `The affinity of task "${task.key}" names "${place.task}", which is not in the plan.`,
        })),
      ...contradictions(task).map(({ pointer, message }) => ({ pointer: at(pointer), message })),
    ];
  });
}

function contradictions(task: PlanTask): PlanProblem[] {
  const { key, dependsOn = [], after = [], affinity = {} } = task;
  const named = new Set(dependsOn);
  const all = named.size + after.length;
  const { sameAgentAs = [], notAgentOf = [] } = affinity;
  return [
    ...(all > DEPENDENCIES_MAX
      ? [
          {
            pointer: '/after',
            message: `Task "${key}" has ${all} dependencies in "dependsOn" and "after"; ${DEPENDENCIES_MAX} are the most.`,
          },
        ]
      : []),
    ...twice(key, named, after),
    ...affinityPlaces(task)
      .filter((place) => place.task === key)
      .map(({ pointer }) => ({ pointer, message: `The affinity of task "${key}" names the task itself.` })),
    ...sameAgentAs.flatMap((other, i) => {
      if (other === key || !notAgentOf.includes(other)) return [];
      const message = `Task "${key}" has "${other}" in both "sameAgentAs" and "notAgentOf".`;
      return [{ pointer: `/affinity/sameAgentAs/${i}`, message }];
    }),
  ];
}

function twice(key: string, named: Set<string>, after: readonly PlanEdge[]): PlanProblem[] {
  return after.flatMap(({ task }, i) => {
    if (!named.has(task)) {
      named.add(task);
      return [];
    }
    const message = `Task "${key}" depends on "${task}" more than once in "dependsOn" and "after"; say once which ending it waits for.`;
    return [{ pointer: `/after/${i}/task`, message }];
  });
}

/** Kahn's algorithm: what cannot be put in order is in a cycle or behind one; walking back finds the cycle itself. */
export function cycle(tasks: readonly PlanTask[]): PlanProblem[] {
  const byKey = new Map(tasks.map((task) => [task.key, task]));
  const waitsFor = new Map(
    tasks.map((task) => [
      task.key,
      new Set(
        places(task)
          .map((place) => place.task)
          .filter((key) => byKey.has(key)),
      ),
    ]),
  );
  const dependants = new Map<string, string[]>();
  for (const [key, dependencies] of waitsFor) {
    for (const dependency of dependencies) {
      const found = dependants.get(dependency);
      if (found) found.push(key);
      else dependants.set(dependency, [key]);
    }
  }
  const free = [...waitsFor].filter(([, dependencies]) => dependencies.size === 0).map(([key]) => key);
  for (let key = free.pop(); key !== undefined; key = free.pop()) {
    waitsFor.delete(key);
    for (const dependant of dependants.get(key) ?? []) {
      const left = waitsFor.get(dependant);
      left?.delete(key);
      if (left?.size === 0) free.push(dependant);
    }
  }
  return waitsFor.size === 0 ? [] : [circle(tasks, waitsFor)];
}

function circle(tasks: readonly PlanTask[], stuck: ReadonlyMap<string, ReadonlySet<string>>): PlanProblem {
  const placeOf = new Map<string, number>();
  const path: string[] = [];
  let at = stuck.keys().next().value as string;
  while (!placeOf.has(at)) {
    placeOf.set(at, path.length);
    path.push(at);
    at = stuck.get(at)?.values().next().value as string;
  }
  const around = [...path.slice(placeOf.get(at)), at];
  const index = tasks.findIndex(({ key }) => key === at);
  const field = tasks[index]?.dependsOn?.includes(around[1] as string) ? 'dependsOn' : 'after';
  return { pointer: `/tasks/${index}/${field}`, message: `Tasks depend on each other in a circle: ${around.join(' → ')}.` };
}
