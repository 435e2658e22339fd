import type { WaitReason } from '@torch/contracts';
import type { AgentState, SchedulerState, TaskState } from '../scheduler.state';

/** Why a ready task may not be assigned now, although an agent is free. */
export interface Hold {
  readonly reason: WaitReason;
  /** Which limit, claim or budget. What frees it wakes everything that is parked on it: `state.matching.wake(key)`. */
  readonly key: string;
  readonly message: string;
  /** When it ends by itself, epoch ms. */
  readonly untilMs?: number;
  /** It ends by itself, or with attempts that are in flight: nobody has to do anything about it. */
  readonly passes?: true;
  /**
   * Everything that is parked on the key is held as long as this is, whatever else it asks for: a limit that is full, stopped work.
   * One answer then speaks for all that wait on it, and nothing else is asked before the next `wake`.
   */
  readonly forAll?: true;
}

/** One round of assignments, as one answer of `settle` plans them: the state does not show yet what `take` has been told. */
export interface GateRound {
  /** What holds the task back, whatever the agent. The same for all tasks of one `gateKey`. */
  hold(task: TaskState): Hold | undefined;
  /** What keeps the task from this agent. */
  holdAt(task: TaskState, agent: AgentState): Hold | undefined;
  /** The task is given to the agent. */
  take(task: TaskState, agent: AgentState): void;
}

/** Something that may hold ready tasks back. */
export interface Gate {
  /** Tasks of equal keys are held back by the same things. Empty: the gate looks at nothing of this task's own. */
  gateKey(task: TaskState): string;
  round(state: SchedulerState, nowMs: number): GateRound;
}
