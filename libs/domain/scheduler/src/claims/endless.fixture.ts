import type { TaskAssigned, TaskSpec } from '@torch/contracts';
import { DeciderRun } from '@torch/testing';
import * as fc from 'fast-check';
import { schedulerDeciderWith } from '../decider';
import { registered, submitRun, task, withAssignments } from '../decider.fixture';
import { type ProjectRun, settledEvents } from '../gates/gates.fixture';

const STEP_MS = 5000;
const PATIENCE_MS = 60_000;
const ATTEMPT_STEPS_MAX = 4;
const OPEN_MAX = 8;
const WIDES_FROM_STEPS = 30;
/**
 * What is first taken by others, or kept for others, is its own after this time; from then on, of all that are open, each goes before it
 * once at most.
 */
const WAIT_MS_MAX = 2 * PATIENCE_MS + (OPEN_MAX + 1) * ATTEMPT_STEPS_MAX * STEP_MS;

export interface Arrival {
  readonly spec: Partial<TaskSpec>;
  /** That its attempt takes. */
  readonly steps: number;
}

/** What comes in each step, again and again, and which wide tasks come in between, once. */
export interface Endless {
  readonly smalls: readonly (readonly Arrival[])[];
  readonly wides: readonly { readonly atStep: number; readonly arrival: Arrival }[];
}

const arrival = (spec: fc.Arbitrary<Partial<TaskSpec>>): fc.Arbitrary<Arrival> =>
  fc.record({ spec, steps: fc.integer({ min: 1, max: ATTEMPT_STEPS_MAX }) });

export const endless = (small: fc.Arbitrary<Partial<TaskSpec>>, wide: fc.Arbitrary<Partial<TaskSpec>>): fc.Arbitrary<Endless> =>
  fc.record({
    smalls: fc.array(fc.array(arrival(small), { maxLength: 3 }), { minLength: 8, maxLength: 20 }),
    wides: fc.array(fc.record({ atStep: fc.nat(WIDES_FROM_STEPS), arrival: arrival(wide) }), { minLength: 1, maxLength: 4 }),
  });

export interface Played {
  /** Agents by role. */
  readonly agents: Readonly<Record<string, number>>;
  /** Places by semaphore. */
  readonly room?: Readonly<Record<string, number>>;
  readonly claimPatienceMs?: number;
  readonly restarts?: boolean;
}

/** Plays until the last wide task has been able to wait too long. */
export function playEndless({ smalls, wides }: Endless, { restarts = false, ...project }: Played): ProjectRun {
  const run = newProject(project);
  const endsAtMs = new Map<string, number>();
  const stepsOf = new Map<string, number>();
  const last = WIDES_FROM_STEPS + WAIT_MS_MAX / STEP_MS + 1;
  for (let step = 0; step <= last; step++) {
    run.at(run.nowMs + STEP_MS);
    completeDue(run, endsAtMs);
    const coming = wides.flatMap((wide) => (wide.atStep === step ? [wide.arrival] : []));
    for (const [n, { spec, steps }] of [...coming, ...(smalls[step % smalls.length] ?? [])].entries()) {
      if (run.state.openTasks >= OPEN_MAX) break;
      const runId = `run-${step}-${n}`;
      stepsOf.set(`${runId}.t`, steps);
      run.decide(submitRun([{ ...task('t', spec), taskId: `${runId}.t` }], { runId }));
    }
    for (const { type, data } of settledEvents(restarts ? run.restart() : run)) {
      const { taskId, assignedAtMs } = data as TaskAssigned;
      if (type === 'task.assigned') endsAtMs.set(taskId, assignedAtMs + (stepsOf.get(taskId) ?? 1) * STEP_MS);
    }
  }
  return run;
}

/** @throws Error that names what has waited for longer than it may. */
export function nobodyWaitsTooLong({ log, nowMs }: ProjectRun): void {
  const waiting = new Map<string, number>();
  const check = (taskId: string, untilMs: number): void => {
    const waitedMs = untilMs - (waiting.get(taskId) ?? untilMs);
    if (waitedMs > WAIT_MS_MAX) throw new Error(`Task ${taskId} has waited for ${waitedMs} ms, which is more than ${WAIT_MS_MAX}.`);
  };
  for (const { type, data } of log) {
    const { spec, submittedAtMs, taskId, assignedAtMs } = data as { spec: { taskId: string }; submittedAtMs: number } & TaskAssigned;
    if (type === 'task.submitted') waiting.set(spec.taskId, submittedAtMs);
    if (type !== 'task.assigned') continue;
    check(taskId, assignedAtMs);
    waiting.delete(taskId);
  }
  for (const taskId of waiting.keys()) check(taskId, nowMs);
}

function newProject({ agents, room = {}, claimPatienceMs = PATIENCE_MS }: Played): ProjectRun {
  const run = new DeciderRun(withAssignments(schedulerDeciderWith({ claimPatienceMs, startGraceMs: 86_400_000 })));
  for (const [role, count] of Object.entries(agents)) for (let n = 1; n <= count; n++) run.happened(registered(`${role}-${n}`, { role }));
  for (const [name, concurrency] of Object.entries(room)) run.decide({ type: 'SetLimit', data: { scope: 'semaphore', name, concurrency } });
  return run;
}

function completeDue(run: ProjectRun, endsAtMs: Map<string, number>): void {
  for (const [taskId, atMs] of [...endsAtMs]) {
    if (atMs > run.nowMs) continue;
    endsAtMs.delete(taskId);
    const { attempt, agentId } = run.state.tasks.get(taskId) ?? {};
    run.decide({ type: 'CompleteTask', data: { taskId, attempt, agentId, exitCode: 0, durationMs: 1 } });
  }
}
