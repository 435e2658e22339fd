import type { ClaimMode, TaskAssigned } from '@torch/contracts';
import { DeciderRun } from '@torch/testing';
import * as fc from 'fast-check';
import { schedulerDeciderWith } from '../decider';
import { registered, submitRun, task, withAssignments } from '../decider.fixture';
import { type ProjectRun, settledEvents } from '../gates/gates.fixture';

const STEP_MS = 5000;
const PATIENCE_MS = 60_000;
const ATTEMPT_STEPS_MAX = 4;
const OPEN_MAX = 8;
/**
 * What is first taken by others, or kept for others, is its own after this time; from then on, of all that are open, each goes before it
 * once at most.
 */
const WAIT_MS_MAX = 2 * PATIENCE_MS + (OPEN_MAX + 1) * ATTEMPT_STEPS_MAX * STEP_MS;

interface Arrival {
  readonly role: 'developer' | 'refactorer';
  readonly path: string;
  readonly mode: ClaimMode;
  readonly steps: number;
}

const mode = fc.constantFrom<ClaimMode>('exclusive', 'shared');
const steps = fc.integer({ min: 1, max: ATTEMPT_STEPS_MAX });
const small: fc.Arbitrary<Arrival> = fc.record({
  role: fc.constant('developer' as const),
  path: fc.constantFrom('repo:src/a', 'repo:src/b', 'repo:src/c', 'repo:docs/a'),
  mode,
  steps,
});
const wide: fc.Arbitrary<Arrival> = fc.record({
  role: fc.constantFrom('developer', 'refactorer'),
  path: fc.constantFrom('repo:**', 'repo:src/*', 'repo:**/a'),
  mode,
  steps,
});
/** What comes in each step, again and again, and where in between a wide task comes, once. */
const streams = fc.record({
  smalls: fc.array(fc.array(small, { maxLength: 3 }), { minLength: 8, maxLength: 20 }),
  wides: fc.array(fc.record({ atStep: fc.nat(30), arrival: wide }), { minLength: 1, maxLength: 3 }),
});
type Streams = typeof streams extends fc.Arbitrary<infer T> ? T : never;

/** Plays until the last wide task has been able to wait too long. */
function play({ smalls, wides }: Streams, { claimPatienceMs = PATIENCE_MS, restarts = false } = {}): ProjectRun {
  const run = new DeciderRun(withAssignments(schedulerDeciderWith({ claimPatienceMs, startGraceMs: 86_400_000 })));
  for (let n = 1; n <= 3; n++) run.happened(registered(`agent-${n}`));
  run.happened(registered('refactorer-1', { role: 'refactorer' }));
  const endsAtMs = new Map<string, number>();
  const stepsOf = new Map<string, number>();
  const last = 30 + WAIT_MS_MAX / STEP_MS + 1;
  for (let step = 0; step <= last; step++) {
    run.at(run.nowMs + STEP_MS);
    for (const [taskId, atMs] of [...endsAtMs]) {
      if (atMs > run.nowMs) continue;
      endsAtMs.delete(taskId);
      const { attempt, agentId } = run.state.tasks.get(taskId) ?? {};
      run.decide({ type: 'CompleteTask', data: { taskId, attempt, agentId, exitCode: 0, durationMs: 1 } });
    }
    const coming = [
      ...wides.filter(({ atStep }) => atStep === step).map(({ arrival }) => arrival),
      ...(smalls[step % smalls.length] ?? []),
    ];
    for (const [n, { role, path, mode: as, steps: lasting }] of coming.entries()) {
      if (run.state.openTasks >= OPEN_MAX) break;
      const runId = `run-${step}-${n}`;
      stepsOf.set(`${runId}.t`, lasting);
      run.decide(submitRun([{ ...task('t', { role, claims: [{ path, mode: as }] }), taskId: `${runId}.t` }], { runId }));
    }
    for (const { type, data } of settledEvents(restarts ? run.restart() : run)) {
      const { taskId, assignedAtMs } = data as TaskAssigned;
      if (type === 'task.assigned') endsAtMs.set(taskId, assignedAtMs + (stepsOf.get(taskId) ?? 1) * STEP_MS);
    }
  }
  return run;
}

/** @throws Error that names what has waited for longer than it may. */
function nobodyWaitsTooLong({ log, nowMs }: ProjectRun): void {
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

describe('claims (liveness)', () => {
  it('nobody waits for longer than patience, and the attempts of those who are open, whatever goes on coming', () => {
    fc.assert(
      fc.property(streams, (stream) => nobodyWaitsTooLong(play(stream))),
      { numRuns: 20 },
    );
  });

  it('would not hold without patience', () => {
    const endless = fc.property(streams, (stream) => nobodyWaitsTooLong(play(stream, { claimPatienceMs: Number.MAX_SAFE_INTEGER })));
    expect(fc.check(endless, { numRuns: 200, endOnFailure: true }).failed).toBe(true);
  });
});

describe('who is kept what', () => {
  it('is the same live, from a replay, and from snapshots on the way', () => {
    fc.assert(
      fc.property(streams, (stream) => {
        const live = play(stream);
        const restarted = play(stream, { restarts: true });
        expect(restarted.log).toEqual(live.log);
        expect(live.digest(live.replayed())).toBe(live.digest());
        expect(restarted.digest()).toBe(live.digest());
      }),
      { numRuns: 8 },
    );
  });
});
