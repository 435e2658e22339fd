import type { Amounts, BudgetScope, ExhaustibleScope } from '@torch/contracts';
import { Heap, noteIndex, OrderedSet, orderedIds } from '@torch/kernel';
import type { SchedulerLimits } from '../scheduler.limits';
import { Account, type EncodedAccount } from './account';
import { type Sums, sumsOf } from './amounts';
import { type Delta, type Spending } from './spending';
import { type EncodedTotals, UsageTotals } from './usage-totals';

/** The name that stands for every agent without a budget of its own. */
export const EACH_AGENT = '*';

/** `project`, `day`, `agent/alice`, `agent/*`. */
export const budgetId = (scope: BudgetScope, name = ''): string => (name === '' ? scope : `${scope}/${name}`);

export interface BudgetSetting {
  readonly scope: BudgetScope;
  readonly name?: string;
  readonly limit: Amounts;
}

interface EncodedBudgets {
  readonly settings: readonly BudgetSetting[];
  readonly accounts: readonly EncodedAccount[];
  readonly live: readonly Spending[];
  readonly spent: readonly string[];
  readonly totals: EncodedTotals;
}

/** The budgets of one project, what counts against them, and what has been used in all. Changed by `evolve` alone. */
export class Budgets {
  readonly settings = new Map<string, BudgetSetting>();
  readonly project = new Account('project');
  readonly day = new Account('day');
  /** Of agents that had an attempt, the one whose last attempt ended longest ago first. */
  readonly agents = new Map<string, Account>();
  /** Of open tasks with a budget of their own that had an attempt. */
  readonly tasks = new Map<string, Account>();
  readonly live = new Map<string, Spending>();
  /** Open tasks whose own budget does not allow another attempt: `settle` fails them. */
  readonly spent = orderedIds();
  readonly totals: UsageTotals;
  /** Derived: accounts whose time will run out, the next one on top. */
  readonly clocks = new Heap<Account>(
    (a, b) => a.runsOutAtMs < b.runsOutAtMs || (a.runsOutAtMs === b.runsOutAtMs && a.key < b.key),
    noteIndex,
  );
  /** Derived: accounts beyond their limit in tokens or money, with a live attempt that costs some. */
  readonly overdrawn = new OrderedSet<Account>((a, b) => a.key < b.key);

  constructor(readonly limits: SchedulerLimits) {
    this.totals = new UsageTotals(limits.usageGroupsMax);
  }

  /** What counts against an agent's budget; undefined when it had no attempt yet. */
  agentLimit(agentId: string): Partial<Sums> | undefined {
    const setting = this.settings.get(budgetId('agent', agentId)) ?? this.settings.get(budgetId('agent', EACH_AGENT));
    return sumsOf(setting?.limit);
  }

  /** Those of the attempt, the narrowest first. */
  accountsOf(spending: Spending): readonly Account[] {
    const { taskId, agentId, budget } = spending;
    const shared = [this.agentAccount(agentId), this.day, this.project];
    return budget ? [this.taskAccount(taskId, budget), ...shared] : shared;
  }

  begin(spending: Spending, atMs: number): void {
    this.live.set(spending.taskId, spending);
    for (const account of this.accountsOf(spending)) {
      account.join(spending, atMs);
      this.refresh(account);
    }
  }

  /** `change` adds `delta` to the attempt's own numbers. */
  use(spending: Spending, delta: Delta, { atMs, change }: { atMs: number; change: () => void }): void {
    const accounts = this.accountsOf(spending);
    for (const account of accounts) account.reserve(spending, -1);
    change();
    for (const account of accounts) {
      account.reserve(spending, 1);
      account.add(delta, atMs);
      this.refresh(account);
    }
  }

  end(spending: Spending, accounts: readonly Account[], atMs: number): void {
    for (const account of accounts) {
      account.leave(spending, atMs);
      this.refresh(account);
    }
    this.live.delete(spending.taskId);
    this.touch(spending.agentId);
  }

  forgetTask(taskId: string): void {
    this.spent.delete(taskId);
    const account = this.tasks.get(taskId);
    if (!account) return;
    account.limit = undefined;
    this.refresh(account);
    this.tasks.delete(taskId);
  }

  set(setting: BudgetSetting): void {
    const id = budgetId(setting.scope, setting.name);
    if (sumsOf(setting.limit)) this.settings.set(id, setting);
    else this.settings.delete(id);
    for (const account of this.concernedBy(setting)) {
      account.limit = this.limitOf(account.scope, account.name);
      this.refresh(account);
    }
  }

  /** Accounts whose limit the setting may change. */
  concernedBy({ scope, name }: Pick<BudgetSetting, 'scope' | 'name'>): readonly Account[] {
    if (scope !== 'agent') return [this[scope]];
    const account = this.agents.get(name as string);
    return name === EACH_AGENT ? [...this.agents.values()] : account ? [account] : [];
  }

  encode(): EncodedBudgets {
    return {
      settings: [...this.settings].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, setting]) => setting),
      accounts: [this.project, this.day, ...this.agents.values(), ...sorted(this.tasks)].map((account) => account.encode()),
      live: sorted(this.live).map((spending) => ({ ...spending })),
      spent: [...this.spent],
      totals: this.totals.encode(),
    };
  }

  static decode(encoded: unknown, limits: SchedulerLimits): Budgets {
    const { settings, accounts, live, spent, totals } = encoded as EncodedBudgets;
    const budgets = new Budgets(limits);
    for (const setting of settings) budgets.set(setting);
    for (const account of accounts) budgets.known(account[0]).restore(account);
    for (const kept of live) {
      const spending = { ...kept };
      budgets.live.set(spending.taskId, spending);
      for (const account of budgets.accountsOf(spending)) account.join(spending, account.asOfMs);
    }
    for (const taskId of spent) budgets.spent.add(taskId);
    budgets.totals.restore(totals);
    for (const account of [budgets.project, budgets.day, ...budgets.agents.values(), ...budgets.tasks.values()]) budgets.refresh(account);
    return budgets;
  }

  private limitOf(scope: ExhaustibleScope, name: string): Partial<Sums> | undefined {
    return scope === 'agent' ? this.agentLimit(name) : sumsOf(this.settings.get(scope)?.limit);
  }

  private known(key: string): Account {
    if (key === 'project' || key === 'day') return this[key];
    const name = key.slice(key.indexOf('/') + 1);
    return key.startsWith('agent/') ? this.agentAccount(name) : this.taskAccount(name);
  }

  private agentAccount(agentId: string): Account {
    let account = this.agents.get(agentId);
    if (account) return account;
    account = new Account('agent', agentId);
    account.limit = this.agentLimit(agentId);
    this.agents.set(agentId, account);
    return account;
  }

  private taskAccount(taskId: string, budget?: Partial<Sums>): Account {
    let account = this.tasks.get(taskId);
    if (!account) {
      account = new Account('task', taskId);
      this.tasks.set(taskId, account);
    }
    if (budget) account.limit = budget;
    return account;
  }

  /** Forgets the agents that have done nothing for longest. */
  private touch(agentId: string): void {
    const account = this.agentAccount(agentId);
    this.agents.delete(agentId);
    this.agents.set(agentId, account);
    if (this.agents.size <= this.limits.budgetAgentsMax) return;
    for (const [id, { live }] of this.agents) {
      if (live.size > 0) continue;
      this.agents.delete(id);
      return;
    }
  }

  /** To be called when anything of the account has changed. */
  private refresh(account: Account): void {
    if (account.isOverdrawn && account.spenders.size > 0) this.overdrawn.add(account);
    else this.overdrawn.delete(account);
    account.runsOutAtMs = account.endOfTimeMs();
    if (account.runsOutAtMs === Infinity) {
      if (account.heapIndex >= 0) this.clocks.removeAt(account.heapIndex);
    } else if (account.heapIndex >= 0) this.clocks.updateAt(account.heapIndex);
    else this.clocks.push(account);
  }
}

const sorted = <T>(byId: ReadonlyMap<string, T>): readonly T[] => [...byId].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
