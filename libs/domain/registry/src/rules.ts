import type { AnyCommand, AnyEvent, Facts as FactsOf, Rules as RulesOf } from '@torch/kernel';
import type { RegistryState } from './registry.state';

export type Rules<Command extends AnyCommand> = RulesOf<RegistryState, Command>;
export type Facts<Event extends AnyEvent> = FactsOf<RegistryState, Event>;
