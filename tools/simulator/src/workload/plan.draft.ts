import { PRIORITY_DEFAULT, type SubmitRun, type TaskSpec } from '@torch/contracts';
import type { SeededRandom } from '@torch/testing';
import { NEEDS } from './fleet';

export const FAIRNESS_KEYS = ['red', 'green', 'blue'] as const;
export const SEMAPHORES = ['gpu', 'licence'] as const;
/** Paths that overlap in every way: the same, within each other, side by side, and not at all. */
export const CLAIMED_PATHS = [
  'repo:src/**',
  'repo:src/auth/**',
  'repo:src/auth/login.ts',
  'repo:src/*.ts',
  'repo:docs/?.md',
  'db:schema',
] as const;

interface Draft {
  readonly random: SeededRandom;
  readonly runId: string;
  readonly nowMs: number;
  /** Task ids of earlier runs. */
  readonly known: readonly string[];
}

/** One run with tasks that depend on each other, as a person might submit it. */
export function draftPlan(draft: Draft): SubmitRun {
  const { random, runId } = draft;
  const count = random.int(1, 7);
  const tasks: TaskSpec[] = [];
  for (let i = 0; i < count; i++) tasks.push(draftTask(draft, `t${i}`, tasks));
  return { runId, name: `run ${runId}`, tasks };
}

export function draftTask(draft: Draft, key: string, earlier: readonly TaskSpec[]): TaskSpec {
  const { random, runId } = draft;
  const { role, skills } = random.pick(NEEDS);
  return {
    taskId: `${runId}.${key}`,
    key,
    title: `Task ${key}`,
    role,
    skills: [...skills],
    prefer: random.chance(0.3) ? ['go'] : [],
    run: 'true',
    priority: random.int(0, 9),
    timeoutMs: random.int(5, 12) * 1000,
    retries: random.int(0, 3),
    ...(random.chance(0.5) && { fairnessKey: random.pick(FAIRNESS_KEYS) }),
    ...draftEdges(draft, earlier),
    ...draftTimes(draft),
    ...draftGates(draft),
    ...draftEvidence(draft),
  };
}

/** Each earlier task of the run is waited for in one way at most. */
function draftEdges(
  { random, known }: Draft,
  earlier: readonly TaskSpec[],
): Pick<TaskSpec, 'dependsOn' | 'after' | 'onDependencyFailure' | 'affinity'> {
  const dependsOn: string[] = [];
  const after: NonNullable<TaskSpec['after']> = [];
  for (const { taskId } of earlier) {
    const dice = random.next();
    if (dice < 0.2) dependsOn.push(taskId);
    else if (dice < 0.3) after.push({ taskId, on: random.pick(['success', 'failure', 'completion'] as const) });
  }
  if (known.length > 0 && random.chance(0.05)) dependsOn.push(random.pick(known));
  const [first] = earlier;
  return {
    dependsOn,
    ...(after.length > 0 && { after }),
    ...(random.chance(0.4) && { onDependencyFailure: random.pick(['fail', 'skip', 'continue'] as const) }),
    ...(first && random.chance(0.2) && { affinity: { sameAgentAs: [first.taskId] } }),
  };
}

function draftTimes({ random, nowMs }: Draft): Partial<TaskSpec> {
  return {
    ...(random.chance(0.1) && { notBeforeMs: nowMs + random.int(0, 20_000) }),
    ...(random.chance(0.05) && { queueTimeoutMs: random.int(10, 60) * 1000 }),
    ...(random.chance(0.05) && { deadlineMs: random.int(120, 200) * 1000 }),
    ...(random.chance(0.1) && { progressTimeoutMs: random.int(3, 5) * 1000 }),
  };
}

function draftGates({ random }: Draft): Partial<TaskSpec> {
  const mode = random.pick(['exclusive', 'exclusive', 'shared'] as const);
  return {
    ...(random.chance(0.15) && { semaphores: random.pick([...SEMAPHORES.map((name) => [name]), [...SEMAPHORES]]) }),
    ...(random.chance(0.25) && { claims: [{ path: random.pick(CLAIMED_PATHS), mode }] }),
    ...(random.chance(0.06) && {
      approval: {
        question: 'May it start?',
        timeoutMs: random.int(3, 15) * 1000,
        onTimeout: random.pick(['deny', 'approve', 'escalate'] as const),
      },
    }),
    ...(random.chance(0.1) && { estimate: { tokens: random.int(100, 2000) }, budget: { tokens: random.int(150, 3000) } }),
  };
}

function draftEvidence({ random }: Draft): Partial<TaskSpec> {
  const kind = random.pick(['task', 'review', 'build'] as const);
  return { ...(random.chance(0.3) && { kind }), ...(random.chance(0.1) && { evidence: { exitCodeZero: true } }) };
}

/** Tasks of one class, most of them of the loudest key: more urgent than the others, which have to wait it off, or no more than they. */
export function draftFlood(random: SeededRandom, runId: string): SubmitRun {
  const isUrgent = random.chance(0.5);
  const tasks = Array.from({ length: random.int(4, 8) }, (_, i): TaskSpec => {
    const isLoud = random.chance(0.75);
    const priority = isLoud ? random.int(2, 4) : random.int(5, 9);
    return {
      taskId: `${runId}.t${i}`,
      key: `t${i}`,
      title: `Task t${i}`,
      role: 'developer',
      skills: ['docs'],
      prefer: [],
      run: 'true',
      dependsOn: [],
      priority: isUrgent ? priority : PRIORITY_DEFAULT,
      timeoutMs: 10_000,
      retries: 1,
      fairnessKey: isLoud ? 'red' : random.pick(FAIRNESS_KEYS),
    };
  });
  return { runId, name: `flood ${runId}`, tasks };
}
