import type { AnyCommand } from './command';
import type { DecisionContext, NewEvent } from './decider';
import type { AnyEvent } from './event';

/** One rule for each command: what is decided. */
export type Rules<State, Command extends AnyCommand> = {
  readonly [Type in Command['type']]: (
    state: State,
    command: Extract<Command, { readonly type: Type }>,
    context: DecisionContext,
  ) => readonly NewEvent[];
};

/** One change of the state for each event. */
export type Facts<State, Event extends AnyEvent> = {
  readonly [Type in Event['type']]: (state: State, event: Extract<Event, { readonly type: Type }>) => void;
};
