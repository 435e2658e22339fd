import type { AnyCommand } from './command';
import type { DecisionContext, NewEvent } from './decider';
import type { AnyEvent } from './event';
import { invariant } from './invariant';

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

/** A rule for which the command's data and the time are enough. */
export const ruled =
  <State, Data>(rule: (state: State, data: Data, nowMs: number) => readonly NewEvent[]) =>
  (state: State, { data }: { readonly data: Data }, { nowMs }: DecisionContext): readonly NewEvent[] =>
    rule(state, data, nowMs);

/** A change for which the event's data is enough. */
export const told =
  <State, Data>(fact: (state: State, data: Data) => void) =>
  (state: State, { data }: { readonly data: Data }): void =>
    fact(state, data);

/** A decider's `decide`. */
export function decideBy<State, Command extends AnyCommand>(rules: Rules<State, Command>) {
  return (state: State, command: Command, context: DecisionContext): readonly NewEvent[] => {
    const rule = rules[command.type as Command['type']] as Rule<State, Command> | undefined;
    invariant(rule, `No rule decides ${command.type}.`);
    return rule(state, command, context);
  };
}

/** A decider's `evolve`, of a state that is changed in place. */
export function evolveBy<State, Event extends AnyEvent>(facts: Facts<State, Event>) {
  return (state: State, event: Event): State => {
    const fact = facts[event.type as Event['type']] as Fact<State, Event> | undefined;
    invariant(fact, `Nothing takes in ${event.type}.`);
    fact(state, event);
    return state;
  };
}

type Rule<State, Command> = (state: State, command: Command, context: DecisionContext) => readonly NewEvent[];
type Fact<State, Event> = (state: State, event: Event) => void;
