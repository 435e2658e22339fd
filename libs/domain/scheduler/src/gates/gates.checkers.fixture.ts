import type { BudgetSet, ClaimGranted, LimitSetting, PathClaim, TaskAssigned, TaskSpec, Usage } from '@torch/contracts';
import type { AnyEvent } from '@torch/kernel';
import { globOf, overlap } from '../claims/path-glob';

interface Live {
  readonly spec: TaskSpec;
  readonly agentId: string;
  readonly atMs: number;
  tokens: number;
  costs: boolean;
}

interface Own {
  readonly agentId: string;
  readonly taskId?: string;
  readonly paths: readonly PathClaim[];
}

const ENDED = new Set(['task.completed', 'task.attempt-failed', 'task.cancelled']);
const DAY_MS = 86_400_000;

/** What the log alone says of limits, claims and budgets, told again by the simplest means. */
export class Retelling {
  readonly specs = new Map<string, TaskSpec>();
  readonly live = new Map<string, Live>();
  readonly limits = new Map<string, LimitSetting>();
  readonly budgets = new Map<string, BudgetSet>();
  readonly own = new Map<string, Own>();
  /** Starts by limit, since the limit is what it is. */
  readonly starts = new Map<string, number[]>();
  /** Tokens of attempts, by what they count for: `project`, `day/0`, `agent/x`, `task/x`. */
  readonly used = new Map<string, number>();
  /** Time of ended attempts, likewise, but for the day. */
  readonly usedMs = new Map<string, number>();
  nowMs = 0;

  take({ type, data }: AnyEvent): void {
    const of = data as Record<string, never> & { taskId: string; claimId: string; usage?: Usage; reason?: string };
    this.nowMs = timeOf(data as object) ?? this.nowMs;
    const live = this.live.get(of.taskId);
    if (type === 'task.submitted') this.specs.set((data as { spec: TaskSpec }).spec.taskId, (data as { spec: TaskSpec }).spec);
    else if (type === 'limit.set' || type === 'limit.removed') this.setLimit(type, data as LimitSetting);
    else if (type === 'budget.set') this.budgets.set(idOf(data as BudgetSet), data as BudgetSet);
    else if (type === 'claim.granted') this.own.set(of.claimId, data as ClaimGranted);
    else if (type === 'claim.released') this.own.delete(of.claimId);
    else if (type === 'task.assigned') this.begin(data as TaskAssigned);
    else if (type === 'task.requeued' && of.reason === 'retry-asked') this.used.delete(`task/${of.taskId}`);
    if (live && of.usage) this.report(live, of.usage);
    if (live && ENDED.has(type)) this.end(live);
  }

  /** The limit that holds. */
  limitOf(id: string): LimitSetting | undefined {
    return this.limits.get(id) ?? this.limits.get(`${id.slice(0, id.indexOf('/'))}/*`);
  }

  budgetOf(account: string): BudgetSet['limit'] {
    const [scope, name] = account.split('/') as [string, string?];
    if (scope === 'task') return this.specs.get(name as string)?.budget ?? {};
    if (scope === 'agent') return (this.budget(`agent/${name}`) ?? this.budget('agent/*'))?.limit ?? {};
    return this.budget(scope)?.limit ?? {};
  }

  private budget(id: string): BudgetSet | undefined {
    const set = this.budgets.get(id);
    return set && Object.keys(set.limit).length > 0 ? set : undefined;
  }

  liveOn(account: string): readonly Live[] {
    return [...this.live.values()].filter((one) => this.accountsOf(one).includes(account));
  }

  wallMs(account: string): number {
    const running = this.liveOn(account).reduce((sum, { atMs }) => sum + this.nowMs - atMs, 0);
    return (this.usedMs.get(account) ?? 0) + running;
  }

  /** Used, and reserved by live attempts. */
  committedTokens(account: string): number {
    const reserved = this.liveOn(account).map(({ spec, tokens }) => Math.max(0, (spec.estimate?.tokens ?? 0) - tokens));
    return reserved.reduce((a, b) => a + b, this.used.get(account) ?? 0);
  }

  accountsOf({ spec, agentId }: Pick<Live, 'spec' | 'agentId'>): readonly string[] {
    return ['project', `day/${Math.floor(this.nowMs / DAY_MS)}`, `agent/${agentId}`, `task/${spec.taskId}`];
  }

  private begin({ taskId, agentId, assignedAtMs }: TaskAssigned): void {
    const spec = this.specs.get(taskId) as TaskSpec;
    this.live.set(taskId, {
      spec,
      agentId,
      atMs: assignedAtMs,
      tokens: 0,
      costs: spec.metered === true || spec.estimate?.tokens !== undefined,
    });
    for (const id of limitsOf(spec, agentId)) this.starts.set(id, [...(this.starts.get(id) ?? []), assignedAtMs]);
  }

  private report(live: Live, { inputTokens = 0 }: Usage): void {
    this.spend(live, Math.max(0, inputTokens - live.tokens));
    live.tokens = Math.max(live.tokens, inputTokens);
    live.costs ||= inputTokens > 0;
  }

  /** A metered attempt that told nothing of its tokens counts as its estimate; none of the world tells zero. */
  private end(live: Live): void {
    const { spec, tokens, atMs } = live;
    if (spec.metered && tokens === 0) this.spend(live, spec.estimate?.tokens ?? 0);
    for (const account of this.accountsOf(live)) this.usedMs.set(account, (this.usedMs.get(account) ?? 0) + this.nowMs - atMs);
    this.live.delete(spec.taskId);
  }

  private spend(live: Live, tokens: number): void {
    for (const account of this.accountsOf(live)) this.used.set(account, (this.used.get(account) ?? 0) + tokens);
  }

  private setLimit(type: string, limit: LimitSetting): void {
    const id = `${limit.scope}/${limit.name}`;
    if (type === 'limit.set') this.limits.set(id, limit);
    else this.limits.delete(id);
    for (const known of [...this.starts.keys()]) if (known.startsWith(`${limit.scope}/`)) this.starts.delete(known);
  }
}

const idOf = ({ scope, name }: BudgetSet): string => (name === undefined ? scope : `${scope}/${name}`);

function timeOf(data: object): number | undefined {
  const names = ['AtMs'];
  const found = Object.entries(data).filter(
    ([name]) => names.some((end) => name.endsWith(end)) && !['retryAtMs', 'timeoutAtMs'].includes(name),
  );
  const times = found.map(([, value]) => value as number).filter((atMs) => atMs >= 1_000_000);
  return times.length > 0 ? Math.max(...times) : undefined;
}

export const limitsOf = ({ role, fairnessKey, semaphores = [] }: TaskSpec, agentId: string): readonly string[] => [
  'project/*',
  `role/${role}`,
  `key/${fairnessKey}`,
  `agent/${agentId}`,
  ...semaphores.map((name) => `semaphore/${name}`),
];

export function retold({ log, nowMs }: { log: readonly AnyEvent[]; nowMs: number }): Retelling {
  const past = new Retelling();
  for (const event of log) past.take(event);
  past.nowMs = nowMs;
  return past;
}

/** Live attempts whose budget, or the time in it, is used up: none, once a turn is over. Plain commands cost time alone. */
export function goesOnWithout(past: Retelling): readonly string[] {
  return [...past.live.values()].flatMap((live) =>
    past.accountsOf(live).filter((account) => {
      const { tokens = Infinity, wallMs = Infinity } = past.budgetOf(account);
      if (live.costs && (past.used.get(account) ?? 0) > tokens) return true;
      return !account.startsWith('day/') && past.wallMs(account) >= wallMs;
    }),
  );
}

/** Each throws at the first event of a log that breaks its guarantee. */
export const GATE_SAFETY: Readonly<Record<string, (log: readonly AnyEvent[]) => void>> = {
  noLimitOfConcurrencyIsExceeded: checkAssignments((past, { spec, agentId }) =>
    limitsOf(spec, agentId).every((id) => {
      const inFlight = [...past.live.values()].filter((one) => limitsOf(one.spec, one.agentId).includes(id)).length;
      return inFlight <= (past.limitOf(id)?.concurrency ?? Infinity);
    }),
  ),
  noRateIsExceeded: checkAssignments((past, { spec, agentId }) =>
    limitsOf(spec, agentId).every((id) => {
      const rate = past.limitOf(id)?.rate;
      const starts = past.starts.get(id) ?? [];
      if (!rate) return true;
      const last = starts.at(-1) as number;
      return starts.every((from, i) => starts.length - i <= (rate.burst ?? rate.tasks) + ((last - from) * rate.tasks) / rate.perMs);
    }),
  ),
  noOverlappingClaimsAreHeldByTwo: (log) => each(log, () => true, noClaimsConflict),
  noEstimateIsBegunThatABudgetDoesNotCover: checkAssignments((past, { spec, agentId }) =>
    past.accountsOf({ spec, agentId }).every((account) => {
      const { tokens = Infinity, wallMs = Infinity } = past.budgetOf(account);
      const isDay = account.startsWith('day/');
      return past.committedTokens(account) <= tokens && (isDay || past.wallMs(account) <= wallMs);
    }),
  ),
};

function checkAssignments(holds: (past: Retelling, live: Live) => boolean): (log: readonly AnyEvent[]) => void {
  return (log) =>
    each(
      log,
      ({ type }) => type === 'task.assigned',
      (past, { data }) => holds(past, past.live.get((data as TaskAssigned).taskId) as Live),
    );
}

function each(
  log: readonly AnyEvent[],
  concerns: (event: AnyEvent) => boolean,
  holds: (past: Retelling, event: AnyEvent) => boolean,
): void {
  const past = new Retelling();
  log.forEach((event, i) => {
    past.take(event);
    if (concerns(event) && !holds(past, event)) throw new Error(`Event ${i} breaks the guarantee: ${JSON.stringify(event)}`);
  });
}

/** One holder of both is an agent; of two of its tasks, each is a holder of its own. */
function noClaimsConflict(past: Retelling): boolean {
  const held = [
    ...[...past.live.values()].flatMap(({ spec, agentId }) =>
      (spec.claims ?? []).map((path) => ({ ...path, agentId, taskId: spec.taskId })),
    ),
    ...[...past.own.values()].flatMap(({ paths, ...by }) => paths.map((path) => ({ ...path, agentId: by.agentId, taskId: by.taskId }))),
  ];
  return held.every((a, i) =>
    held.slice(i + 1).every((b) => {
      const isOne = a.agentId === b.agentId && (a.taskId === undefined || b.taskId === undefined || a.taskId === b.taskId);
      return isOne || (a.mode === 'shared' && b.mode === 'shared') || !overlap(globOf(a.path), globOf(b.path));
    }),
  );
}
