/**
 * Budgets: what a project, a day, an agent and a task may use, in tokens, money and time of attempts.
 *
 * Before a task is assigned, its estimate is reserved in each budget that it counts against. While it runs, what its agent reports
 * counts at once, and time by the clock. An attempt is stopped and its task fails as `budget` when its own report passes what is left
 * beside the reservations of others; when time has run out; and when a budget is overdrawn by whatever means. A result that is there
 * is accepted even if it has cost too much: refusing it would bring nothing back.
 */
export { budgetFacts } from './budgets.evolve';
export { budgetGate } from './budgets.gate';
export { getUsage, listBudgets, USAGE_PAGE_DEFAULT } from './budgets.reads';
export { exhaustedAttempt } from './exhaustion';
export { budgetRules } from './budgets.rules';
export { Budgets } from './budgets.state';
export { budgetsTopic } from './budgets.topic';
