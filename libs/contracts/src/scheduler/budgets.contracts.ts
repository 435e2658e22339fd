import type { AnyCommand, EventEnvelope } from '@torch/kernel';
import { contractsOf } from '../contract';
import { AtMs, Decimal, Describe, Id, ListOf, Nested, OneOf, Optional, Text, Whole } from '../field';
import { Amounts } from './task-options';

export const BUDGET_SCOPES = ['project', 'day', 'agent'] as const;
/** `day`: what the project may use on one day, UTC. A task's own budget is in its spec. */
export type BudgetScope = (typeof BUDGET_SCOPES)[number];

/** Replaces what was set for the scope and name before; an empty `limit` takes the budget away. */
export class SetBudget {
  @OneOf(BUDGET_SCOPES) scope!: BudgetScope;
  @Describe('An agent; * for each agent without a budget of its own. Absent for project and day.')
  @Optional()
  @Text({ min: 1, max: 128 })
  name?: string;
  @Nested(() => Amounts) limit!: Amounts;
}
export class BudgetSet extends SetBudget {
  @AtMs() setAtMs!: number;
}
export const EXHAUSTIBLE_SCOPES = [...BUDGET_SCOPES, 'task'] as const;
export type ExhaustibleScope = (typeof EXHAUSTIBLE_SCOPES)[number];
/** A report has passed a limit: the attempt is stopped, and its task fails. */
export class BudgetExhausted {
  @OneOf(EXHAUSTIBLE_SCOPES) scope!: ExhaustibleScope;
  @Optional() @Text({ min: 1, max: 128 }) name?: string;
  @Id() taskId!: string;
  @Whole({ min: 1 }) attempt!: number;
  @Id() agentId!: string;
  @Nested(() => Amounts) used!: Amounts;
  @Nested(() => Amounts) limit!: Amounts;
  @AtMs() exhaustedAtMs!: number;
}

export const USAGE_GROUPS = ['project', 'role', 'agent', 'task', 'model', 'day', 'run'] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];
export class GetUsage {
  @OneOf(USAGE_GROUPS) by!: UsageGroup;
  @Optional() @Whole({ min: 1, max: 1000 }) limit?: number;
}
export class UsageTotal {
  @Text({ min: 1, max: 128 }) name!: string;
  @Whole() inputTokens!: number;
  @Whole() outputTokens!: number;
  @Decimal({ min: 0, max: 1_000_000_000_000 }) costUsd!: number;
  @Whole() wallMs!: number;
  @Whole() attempts!: number;
}
/** The largest first: by cost, then by tokens, then by time. */
export class UsageFound {
  @ListOf(() => UsageTotal, { max: 1000 }) totals!: UsageTotal[];
}
export class ListBudgets {}
export class BudgetView {
  @OneOf(BUDGET_SCOPES) scope!: BudgetScope;
  @Optional() @Text({ min: 1, max: 128 }) name?: string;
  @Nested(() => Amounts) limit!: Amounts;
  @Nested(() => Amounts) used!: Amounts;
  @Nested(() => Amounts) reserved!: Amounts;
}
export class BudgetList {
  @ListOf(() => BudgetView, { max: 10_000 }) budgets!: BudgetView[];
}

const { command, event, query } = contractsOf('scheduler');

export const budgetEvents = [event('budget.set', BudgetSet), event('budget.exhausted', BudgetExhausted)] as const;
export type BudgetEvent = EventEnvelope<'budget.set', BudgetSet> | EventEnvelope<'budget.exhausted', BudgetExhausted>;

export const budgetCommands = [command('SetBudget', SetBudget)] as const;
export type BudgetCommand = AnyCommand<'SetBudget', SetBudget>;

export const budgetQueries = [query('GetUsage', GetUsage, UsageFound), query('ListBudgets', ListBudgets, BudgetList)] as const;
