import { secretProblems } from '../redaction/contract.redaction';
import { skillLevel } from '../skill-level';
import { amountProblems, limitProblems } from './amounts.rules';
import { cycle, unclearDependencies } from './dependencies.rules';
import { Plan } from './plan';
import type { PlanTask } from './plan.task';
import { repeatsIn } from './repeats';
import { timeProblems } from './times.rules';

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
    ...tasks.flatMap((task, i) => within(`/tasks/${i}`, taskProblems(task))),
    ...agentLimits(plan),
    ...unclearDependencies(tasks),
    ...cycle(tasks),
    ...secretProblems(Plan, plan),
  ];
}

/** What can be said of a task without the others of its plan; pointers begin at the task. */
export function taskProblems(task: PlanTask): PlanProblem[] {
  return [
    ...unclearWork(task),
    ...unclearSkills(task),
    ...timeProblems(task),
    ...limitProblems(task),
    ...amountProblems(task),
    ...unclearEvidence(task),
  ];
}

const within = (root: string, problems: readonly PlanProblem[]): PlanProblem[] =>
  problems.map(({ pointer, message }) => ({ pointer: root + pointer, message }));

function duplicateKeys(tasks: readonly PlanTask[]): PlanProblem[] {
  const firstAt = new Map<string, number>();
  return tasks.flatMap(({ key }, i) => {
    const first = firstAt.get(key);
    if (first === undefined) firstAt.set(key, i);
    return first === undefined ? [] : [{ pointer: `/tasks/${i}/key`, message: `Key "${key}" is already that of task ${first}.` }];
  });
}

function unclearWork({ key, run, prompt }: PlanTask): PlanProblem[] {
  return (run === undefined) === (prompt === undefined)
    ? [{ pointer: '', message: `Task "${key}" needs exactly one of "run" and "prompt".` }]
    : [];
}

function unclearSkills({ key, skills = [] }: PlanTask): PlanProblem[] {
  return repeatsIn(skills.map((skill) => skillLevel(skill).name)).map(({ value, at }) => ({
    pointer: `/skills/${at}`,
    message: `Task "${key}" names skill "${value}" twice; give it one level.`,
  }));
}

/** Paths are looked for where the attempt ran, and nowhere else. */
function unclearEvidence({ key, evidence }: PlanTask): PlanProblem[] {
  if (!evidence) return [];
  const { artefacts = [], command, commit, exitCodeZero } = evidence;
  if (!exitCodeZero && !commit && artefacts.length === 0 && command === undefined) {
    return [
      { pointer: '/evidence', message: `The "evidence" of task "${key}" asks for nothing: leave it out, or say what is to be shown.` },
    ];
  }
  return artefacts.flatMap(({ path }, i) => {
    if (!path.startsWith('/') && !path.split('/').includes('..')) return [];
    return [{ pointer: `/evidence/artefacts/${i}/path`, message: `"${path}" must be a path inside of the working directory.` }];
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
