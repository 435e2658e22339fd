import type { Amounts, BudgetList, BudgetScope, UsageGroup, UsageFound } from '@torch/contracts';
import type { Written } from './gateway.answers';
import type { RequestOptions } from './gateway.transport';
import type { ProjectRoutes } from './project.routes';

/** What a project may spend, and what it has spent. */
export class BudgetsClient {
  constructor(private readonly routes: ProjectRoutes) {}

  list(options?: RequestOptions): Promise<BudgetList> {
    return this.routes.read('/budgets', {}, options);
  }

  /** An empty `limit` takes the budget away. Only agents have a `name`; `*` stands for each without a budget of its own. */
  set(budget: { scope: BudgetScope; name?: string; limit: Amounts }, options?: RequestOptions): Promise<Written> {
    const { scope, name, limit } = budget;
    return this.routes.write('PUT', `/budgets/${scope}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`, { limit }, options);
  }

  /** The largest first. */
  usage(by: UsageGroup, query: { limit?: number } = {}, options?: RequestOptions): Promise<UsageFound> {
    return this.routes.read('/usage', { by, ...query }, options);
  }
}
