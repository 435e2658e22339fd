import { LIMIT_FOR_ALL, type LimitScope, type LimitSetting } from '@torch/contracts';
import { type Account, type SeenEvent, Violation } from './account';
import { retell, type Retelling, type ToldTask } from './retelling';

/** Starts that a bucket may be ahead of what was counted here, by the rounding of its own. */
const ROUNDING = 1;

/** At no assignment are more attempts live than a limit lets, nor more starts made than a rate lets. Stopped work starts nothing. */
export function limitsAreNeverExceeded(account: Account): void {
  const limits = new Map<string, LimitSetting>();
  const buckets = new Map<string, Bucket>();
  const stopped = new Set<string>();
  retell(account, (past, seen) => {
    const { type, project, data } = seen.event;
    if (type === 'limit.set' || type === 'limit.removed') {
      const setting = data as LimitSetting;
      const key = `${project}/${setting.scope}/${setting.name}`;
      for (const bucket of buckets.keys()) if (bucket.startsWith(`${project}/`)) buckets.delete(bucket);
      if (type === 'limit.set') limits.set(key, setting);
      else limits.delete(key);
    } else if (type === 'work.stopped') stopped.add(project);
    else if (type === 'work.resumed') stopped.delete(project);
    else if (type === 'task.assigned') {
      if (stopped.has(project)) throw new Violation('Work is stopped.', seen);
      const task = past.task(seen.event) as ToldTask;
      const { agentId, assignedAtMs } = data as { agentId: string; assignedAtMs: number };
      for (const [key, bucket] of buckets)
        if (key.startsWith(`${project}/`)) buckets.set(key, { ...bucket, seenMs: Math.max(bucket.seenMs, assignedAtMs) });
      for (const [scope, name] of countsAgainst(task, agentId)) {
        const limit = limits.get(`${project}/${scope}/${name}`) ?? limits.get(`${project}/${scope}/${LIMIT_FOR_ALL}`);
        if (limit) check(past, seen, { limit, name, nowMs: assignedAtMs, buckets });
      }
    }
  });
}

function countsAgainst({ spec, fairnessKey }: ToldTask, agentId: string): readonly (readonly [LimitScope, string])[] {
  const semaphores = (spec.semaphores ?? []).map((name) => ['semaphore', name] as const);
  return [['project', LIMIT_FOR_ALL], ['role', spec.role], ['key', fairnessKey], ['agent', agentId], ...semaphores];
}

interface Counted {
  readonly limit: LimitSetting;
  readonly name: string;
  readonly nowMs: number;
  readonly buckets: Map<string, Bucket>;
}

function check(past: Retelling, seen: SeenEvent, { limit, name, nowMs, buckets }: Counted): void {
  const { scope, concurrency, rate } = limit;
  const { project } = seen.event;
  const inUse = past
    .inFlight(project)
    .filter((task) => countsAgainst(task, task.live?.agentId ?? '').some(([s, n]) => s === scope && n === name)).length;
  if (concurrency !== undefined && inUse >= concurrency)
    throw new Violation(`${inUse} attempts are live of ${scope} ${name}, and ${concurrency} may be.`, seen);
  if (!rate) return;
  const key = `${project}/${scope}/${name}`;
  const most = (rate.burst ?? rate.tasks) + ROUNDING;
  const before = buckets.get(key);
  const tokensAt = ({ tokens, atMs }: Pick<Bucket, 'tokens' | 'atMs'>, untilMs: number): number =>
    Math.min(most, tokens + Math.max(0, untilMs - atMs) * (rate.tasks / rate.perMs));
  // One that was full before the clock went back may have been forgotten, and begins anew.
  const bucket = before && tokensAt(before, before.seenMs) < most ? before : { tokens: most, atMs: nowMs };
  const tokens = tokensAt(bucket, nowMs) - 1;
  if (tokens < 0) throw new Violation(`More tasks of ${scope} ${name} start than ${rate.tasks} in ${rate.perMs} ms.`, seen);
  buckets.set(key, { tokens, atMs: Math.max(bucket.atMs, nowMs), seenMs: nowMs });
}

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
  /** The latest that the clock has shown since. */
  readonly seenMs: number;
}
