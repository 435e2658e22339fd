import type { AnyCommand, AnyEvent, DecisionContext, NewEvent } from '@torch/kernel';
import type { SchedulerState } from './scheduler.state';

/** One rule for each command: what is decided. */
export type Rules<Command extends AnyCommand> = {
  readonly [Type in Command['type']]: (
    state: SchedulerState,
    command: Extract<Command, { readonly type: Type }>,
    context: DecisionContext,
  ) => readonly NewEvent[];
};

/** One change of the state for each event. */
export type Facts<Event extends AnyEvent> = {
  readonly [Type in Event['type']]: (state: SchedulerState, event: Extract<Event, { readonly type: Type }>) => void;
};
