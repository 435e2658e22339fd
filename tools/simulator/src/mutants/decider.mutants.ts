import { schedulerDeciderWith, type SchedulerState } from '@torch/domain-scheduler';
import type { AnyEvent } from '@torch/kernel';
import { anyState, type Deciders, SIMULATED_LIMITS } from '../deciders';

const RESULTS = new Set(['CompleteTask', 'FailTask']);

/** A report counts for the task's newest attempt, whichever it was of; the event tells of the attempt that was reported. */
export function withoutAttemptCheck(real: Deciders): Deciders {
  const { scheduler } = real;
  return {
    ...real,
    scheduler: anyState({
      ...scheduler,
      decide: (state: SchedulerState, command: Parameters<typeof scheduler.decide>[1], context: never) => {
        const held = command.data as { taskId: string; attempt: number; agentId: string };
        const task = state.tasks.get(held.taskId);
        if (!RESULTS.has(command.type) || !task) return scheduler.decide(state, command, context);
        const { attempt, agentId, assignments } = task;
        const data = { ...held, attempt, agentId, assignment: assignments.at(-1) };
        const events = scheduler.decide(state, { ...command, data }, context);
        return events.map((event) => ({ ...event, data: { ...(event.data as object), ...told(event.type, held) } }));
      },
    }),
  };
}

const told = (type: string, { attempt, agentId }: { attempt: number; agentId: string }): object =>
  type === 'task.completed' || type === 'task.attempt-failed' ? { attempt, agentId } : {};

/** However long a task waits, it stays at its priority. */
export const withoutAgeing = (real: Deciders): Deciders => ({
  ...real,
  scheduler: anyState(schedulerDeciderWith({ ...SIMULATED_LIMITS, ageStepMs: Number.MAX_SAFE_INTEGER } as typeof SIMULATED_LIMITS)),
});

/** The rules do not see what tasks and agents claim. */
export const withoutClaims = (real: Deciders): Deciders => seeing(real, (event) => withoutField(event, 'claims'));

/** The rules see one key for all. */
export const withoutFairness = (real: Deciders): Deciders => seeing(real, (event) => withField(event, 'fairnessKey', 'all'));

/** Limits are set, and nobody takes notice. */
export const withoutLimits = (real: Deciders): Deciders =>
  seeing(real, (event) => (event.type === 'limit.set' && (event.data as { scope: string }).scope !== 'semaphore' ? undefined : event));

/** What the scheduler takes in is changed on the way, live and in every replay. */
function seeing(real: Deciders, see: (event: AnyEvent) => AnyEvent | undefined): Deciders {
  const { scheduler } = real;
  const evolve: typeof scheduler.evolve = (state, event) => {
    const seen = see(event);
    return seen ? scheduler.evolve(state, seen) : state;
  };
  return { ...real, scheduler: { ...scheduler, evolve } };
}

function withField(event: AnyEvent, field: string, value: unknown): AnyEvent {
  const { spec } = event.data as { spec?: object };
  return event.type === 'task.submitted' ? { ...event, data: { ...(event.data as object), spec: { ...spec, [field]: value } } } : event;
}

const withoutField = (event: AnyEvent, field: string): AnyEvent => withField(event, field, undefined);
