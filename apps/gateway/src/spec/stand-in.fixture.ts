import type { ServiceName } from '@torch/contracts';
import type { ServiceDefinition } from '@torch/host';
import type { AnyCommand, AnyEvent, DecisionContext, NewEvent } from '@torch/kernel';

/** A service in a few lines: real owner's loops over a real log, with only as many rules as the gateway can tell from outside. */
export interface StandIn<State> {
  readonly service: ServiceName;
  initialState(): State;
  decide(state: State, command: AnyCommand<string, never>, context: DecisionContext): readonly NewEvent[];
  evolve(state: State, event: AnyEvent & { readonly data: never }): void;
  readonly foreign?: readonly string[];
  settle?(state: State, context: DecisionContext): readonly NewEvent[];
  readonly queries: Readonly<Record<string, (data: never, state: State) => object>>;
}

export function definitionOf<State>({ service, queries, evolve, foreign = [], ...rules }: StandIn<State>): ServiceDefinition<State> {
  return {
    service,
    decider: {
      ...rules,
      decide: (state, command, context) => rules.decide(state, command as AnyCommand<string, never>, context),
      evolve: (state, event) => {
        evolve(state, event as never);
        return state;
      },
      foreign,
      snapshot: { version: 1, encode: (state) => state, decode: (encoded) => encoded as State },
    },
    handleCommand: (command, turn) => turn.decide(command),
    queries: new Map(Object.entries(queries).map(([type, answer]) => [type, (data, { state }) => answer(data as never, state)])),
    reactions: new Map(),
    effects: new Map(),
  };
}
