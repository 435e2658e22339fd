import type { AnyCommand, AnyEvent, Facts as FactsOf, Rules as RulesOf } from '@torch/kernel';
import type { SchedulerState } from './scheduler.state';

export type Rules<Command extends AnyCommand> = RulesOf<SchedulerState, Command>;
export type Facts<Event extends AnyEvent> = FactsOf<SchedulerState, Event>;
