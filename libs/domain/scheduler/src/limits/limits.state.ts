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

interface EncodedQuotas {
  readonly stopped?: { readonly reason: string; readonly stoppedAtMs: number };
  readonly settings?: readonly LimitSetting[];
  readonly counts?: readonly (readonly [id: string, live: number, open: number])[];
  readonly buckets?: EncodedBuckets;
}

const NOTHING: Readonly<Count> = { live: 0, open: 0 };

/** The limits of one project, and what counts against them. Changed by `evolve` alone. */
export class Quotas {
  /** While the project's work is stopped: see `stopped.ts`. */
  stopped: { readonly reason: string; readonly stoppedAtMs: number } | undefined;
  readonly settings = new Map<LimitId, LimitSetting>();
  readonly buckets = new Buckets();
  /** Kept whether or not there is a limit, so that one that is set later knows what is in flight. */
  private readonly counts = new Map<string, Count>();

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

  /** Of a role, a key or a semaphore. */
  countOf(scope: LimitScope, name: string): Readonly<Count> {
    return this.counts.get(limitId(scope, name)) ?? NOTHING;
  }

  count(ids: readonly LimitId[], of: keyof Count, change: 1 | -1): void {
    for (const id of ids) {
      let count = this.counts.get(id);
      if (!count) this.counts.set(id, (count = { live: 0, open: 0 }));
      count[of] += change;
      if (count.live === 0 && count.open === 0) this.counts.delete(id);
    }
  }

  /** Names of the scope that something open or live counts for, sorted. */
  namesIn(scope: LimitScope): readonly string[] {
    const prefix = `${scope}/`;
    const ids = [...this.counts.keys(), ...this.buckets.ids()].filter((id) => id.startsWith(prefix));
    return [...new Set(ids.map((id) => id.slice(prefix.length)))].sort();
  }

  encode(): EncodedQuotas {
    const settings = [...this.settings].sort(byFirst).map(([, setting]) => setting);
    const counts = [...this.counts].sort(byFirst).map(([id, { live, open }]) => [id, live, open] as const);
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
    for (const [id, live, open] of counts) quotas.counts.set(id, { live, open });
    quotas.buckets.restore(buckets);
    return quotas;
  }
}

/** The role, key and semaphores that a task counts for. */
export function countedFor({ role, semaphores }: Pick<TaskSpec, 'role' | 'semaphores'>, key: string): readonly LimitId[] {
  const ids: LimitId[] = [limitId('role', role), limitId('key', key)];
  if (semaphores) for (const name of new Set(semaphores)) ids.push(limitId('semaphore', name));
  return ids;
}

const byFirst = ([a]: readonly [string, ...unknown[]], [b]: readonly [string, ...unknown[]]): number => (a < b ? -1 : a > b ? 1 : 0);
