import type { LabelTexts } from './matching/skills';
import type { EncodedShares } from './order/fair-shares';
import type { SchedulerState } from './scheduler.state';

interface EncodedDemand {
  readonly role: string;
  readonly skills: readonly string[];
  readonly labels?: LabelTexts;
  /** Any numbers that stand for what was announced: of the same bucket, and zero or not. */
  readonly waiting: number;
  readonly fittingAgents: number;
}

interface EncodedRoleShares extends EncodedShares {
  readonly role: string;
}

/** What cannot be derived from tasks and agents: what was said of demand, and what each fairness key and role has had. */
export interface EncodedMatching {
  readonly announced: readonly EncodedDemand[];
  readonly shares: readonly EncodedRoleShares[];
  readonly turns: EncodedShares;
}

export function encodeMatching(state: SchedulerState): EncodedMatching {
  return { announced: encodeAnnounced(state), shares: encodeShares(state), turns: state.matching.turns.encode() };
}

/** Before any task is enqueued. */
export function decodeMatching({ matching }: SchedulerState, { announced, shares, turns }: EncodedMatching): void {
  for (const demand of announced) matching.announced(demand);
  for (const share of shares) matching.restoreShares(share.role, share);
  matching.turns.restore(turns);
}

/** A class that was last announced as empty is as good as one that never was. */
function encodeAnnounced({ matching }: SchedulerState): EncodedDemand[] {
  const announced = [...matching.roles.values()]
    .flatMap((role) => [...role.demands.values()])
    .filter(({ announcedBucket }) => announcedBucket > 0);
  announced.sort((a, b) => (`${a.role.name}|${a.key}` < `${b.role.name}|${b.key}` ? -1 : 1));
  return announced.map(({ role, skills, labels, announcedBucket, announcedFits }) => ({
    role: role.name,
    skills,
    ...(labels && { labels }),
    waiting: 2 ** (announcedBucket - 1),
    fittingAgents: announcedFits ? 1 : 0,
  }));
}

function encodeShares({ matching }: SchedulerState): EncodedRoleShares[] {
  const waiting = [...matching.roles.values()].filter(({ shares }) => shares.waiting > 0);
  return waiting.sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ name, shares }) => ({ role: name, ...shares.encode() }));
}
