import { LIMIT_FOR_ALL, type LimitScope, type LimitSetting, type RateLimit, type TaskSpec } from '@torch/contracts';
import { Buckets, type EncodedBuckets } from './buckets';

/** `role/developer`, `project/*`. */
export type LimitId = `${LimitScope}/${string}`;
export const limitId = (scope: LimitScope, name: string): LimitId => `${scope}/${name}`;

export function scopeAndName(id: string): { scope: LimitScope; name: string } {
  const slash = id.indexOf('/');
  return { scope: id.slice(0, slash) as LimitScope, name: id.slice(slash + 1) };
}

/** What counts against the limits of a role, a key or a semaphore. The agents and the project count theirs themselves. */
interface Count {
  live: number;
  open: number;
}
type CountedScope = Extract<LimitScope, 'role' | 'key' | 'semaphore'>;

/** What says which limits a task counts against. */
export interface Counted {
  readonly spec: Pick<TaskSpec, 'role' | 'semaphores'>;
  readonly fairnessKey: string;
}

interface EncodedQuotas {
  readonly stopped?: { readonly reason: string; readonly stoppedAtMs: number };
  readonly settings?: readonly LimitSetting[];
  readonly counts?: readonly (readonly [id: string, live: number, open: number])[];
  readonly buckets?: EncodedBuckets;
}

const NOTHING: Readonly<Count> = { live: 0, open: 0 };
const COUNTED_SCOPES: readonly CountedScope[] = ['role', 'key', 'semaphore'];
const isCounted = (scope: LimitScope): scope is CountedScope => scope !== 'project' && scope !== 'agent';

/** The limits of one project, and what counts against them. Changed by `evolve` alone. */
export class Quotas {
  /** While the project's work is stopped: see `stopped.ts`. */
  stopped: { readonly reason: string; readonly stoppedAtMs: number } | undefined;
  readonly settings = new Map<LimitId, LimitSetting>();
  readonly buckets = new Buckets();
  /** Kept whether or not there is a limit, so that one that is set later knows what is in flight. */
  private readonly counts: Readonly<Record<CountedScope, Map<string, Count>>> = { role: new Map(), key: new Map(), semaphore: new Map() };

  /** The name's own limit, or else that for all. They are not mixed. */
  of(scope: LimitScope, name: string): LimitSetting | undefined {
    return this.settings.get(limitId(scope, name)) ?? this.settings.get(limitId(scope, LIMIT_FOR_ALL));
  }

  readonly rateOf = (id: string): RateLimit | undefined => {
    const { scope, name } = scopeAndName(id);
    return this.of(scope, name)?.rate;
  };

  /** The share of a key beside others of its priority. */
  weightOf(key: string): number {
    return this.settings.size === 0 ? 1 : (this.of('key', key)?.weight ?? 1);
  }

  countOf(scope: CountedScope, name: string): Readonly<Count> {
    return this.counts[scope].get(name) ?? NOTHING;
  }

  /** Asked for at each begin and end of an attempt and of a task: no id is put together. */
  count({ spec: { role, semaphores }, fairnessKey }: Counted, of: keyof Count, change: 1 | -1): void {
    changeIn(this.counts.role, role, of, change);
    changeIn(this.counts.key, fairnessKey, of, change);
    if (semaphores) for (const name of distinct(semaphores)) changeIn(this.counts.semaphore, name, of, change);
  }

  /** Names of the scope that something open or live counts for, or that a rate has counted of late, sorted. */
  namesIn(scope: LimitScope): readonly string[] {
    const prefix = `${scope}/`;
    const inBuckets = this.buckets.ids().flatMap((id) => (id.startsWith(prefix) ? [id.slice(prefix.length)] : []));
    const counted = isCounted(scope) ? this.counts[scope].keys() : [];
    return [...new Set([...counted, ...inBuckets])].sort();
  }

  encode(): EncodedQuotas {
    const settings = [...this.settings].sort(byFirst).map(([, setting]) => setting);
    const counts = COUNTED_SCOPES.flatMap((scope) =>
      [...this.counts[scope]].map(([name, { live, open }]) => [limitId(scope, name), live, open] as const),
    ).sort(byFirst);
    const buckets = this.buckets.encode();
    return {
      ...(this.stopped ? { stopped: this.stopped } : {}),
      ...(settings.length > 0 ? { settings } : {}),
      ...(counts.length > 0 ? { counts } : {}),
      ...(buckets.length > 0 ? { buckets } : {}),
    };
  }

  static decode(encoded: unknown): Quotas {
    const { stopped, settings = [], counts = [], buckets = [] } = encoded as EncodedQuotas;
    const quotas = new Quotas();
    quotas.stopped = stopped;
    for (const setting of settings) quotas.settings.set(limitId(setting.scope, setting.name), setting);
    for (const [id, live, open] of counts) {
      const { scope, name } = scopeAndName(id);
      quotas.counts[scope as CountedScope].set(name, { live, open });
    }
    quotas.buckets.restore(buckets);
    return quotas;
  }
}

/** The role, key and semaphores that a task counts for. */
export function countedFor({ spec: { role, semaphores }, fairnessKey }: Counted): readonly LimitId[] {
  const ids: LimitId[] = [limitId('role', role), limitId('key', fairnessKey)];
  if (semaphores) for (const name of distinct(semaphores)) ids.push(limitId('semaphore', name));
  return ids;
}

/** Named twice, a semaphore counts once. */
export const distinct = (names: readonly string[]): readonly string[] => (names.length < 2 ? names : [...new Set(names)]);

function changeIn(counts: Map<string, Count>, name: string, of: keyof Count, change: 1 | -1): void {
  let count = counts.get(name);
  if (!count) counts.set(name, (count = { live: 0, open: 0 }));
  count[of] += change;
  if (count.live === 0 && count.open === 0) counts.delete(name);
}

const byFirst = ([a]: readonly [string, ...unknown[]], [b]: readonly [string, ...unknown[]]): number => (a < b ? -1 : a > b ? 1 : 0);
