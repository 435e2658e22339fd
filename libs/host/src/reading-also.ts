import type { AnyCommand, AnyEvent, Decider } from '@torch/kernel';

/**
 * The same rules, shown events of other services that only a reaction asks for. They leave the state as it is, so that a
 * replay without them comes to the same state.
 */
export function readingAlso<State, Command extends AnyCommand, Event extends AnyEvent>(
  decider: Decider<State, Command, Event>,
  types: readonly string[],
): Decider<State, Command, Event> {
  const added = new Set(types.filter((type) => !decider.foreign.includes(type)));
  return {
    ...decider,
    foreign: [...decider.foreign, ...added],
    evolve: (state, event) => (added.has(event.type) ? state : decider.evolve(state, event)),
  };
}
