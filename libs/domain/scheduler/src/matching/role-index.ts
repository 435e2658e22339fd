import { Heap, noteIndex } from '@torch/kernel';
import { ClassQueue } from '../order/class-queue';
import { FairShares, type Share } from '../order/fair-shares';
import type { AgentState } from '../scheduler.state';
import { type LabelTexts, type Requirements, skillLevels } from './skills';

/** All tasks of one role, one set of required skills and one of labels: what fits one of them fits all. */
export interface DemandClass extends Requirements {
  readonly key: string;
  readonly role: RoleIndex;
  /** Sorted. */
  readonly skills: readonly string[];
  readonly queue: ClassQueue;
  /** The profiles that fit; each has a live or suspected agent. */
  readonly profiles: Set<AgentProfile>;
  /** What the last `demand.changed` said. */
  announcedBucket: number;
  announcedFits: boolean;
}

/** All present agents of one role, one set of skills and one of labels. */
export interface AgentProfile extends Requirements {
  readonly key: string;
  readonly role: RoleIndex;
  /** Live and suspected agents. */
  members: number;
  /** Of these, those that get nothing new: suspected, draining or paused. */
  readonly away: Set<AgentState>;
  /** Those that can take one more task, best first. */
  readonly free: Heap<AgentState>;
}

export interface RoleIndex {
  readonly name: string;
  readonly demands: Map<string, DemandClass>;
  /** Those with a ready task that nothing is known to hold. */
  readonly waiting: Set<DemandClass>;
  readonly profiles: Map<string, AgentProfile>;
  /** Those with a free agent. */
  readonly free: Set<AgentProfile>;
  readonly shares: FairShares;
  /** What it has had of the project, while any of its tasks is ready. */
  share: Share | undefined;
}

export const newRole = (name: string): RoleIndex => ({
  name,
  demands: new Map(),
  waiting: new Set(),
  profiles: new Map(),
  free: new Set(),
  shares: new FairShares(),
  share: undefined,
});

export function newDemand(role: RoleIndex, needs: { key: string; skills: readonly string[]; labels: LabelTexts | undefined }): DemandClass {
  return {
    ...needs,
    role,
    levels: skillLevels(needs.skills),
    queue: new ClassQueue(),
    profiles: new Set(),
    announcedBucket: 0,
    announcedFits: false,
  };
}

export function newProfile(role: RoleIndex, key: string, { skills, labels }: Pick<AgentState, 'skills' | 'labels'>): AgentProfile {
  return { key, role, levels: skillLevels(skills), labels, members: 0, away: new Set(), free: new Heap<AgentState>(isBetter, noteIndex) };
}

/** Fewest running first, then the better success rate, then idle for longest; ids settle what is left. */
export function isBetter(a: AgentState, b: AgentState): boolean {
  if (a.load !== b.load) return a.load < b.load;
  if (a.successRate !== b.successRate) return a.successRate > b.successRate;
  if (a.idleSinceMs !== b.idleSinceMs) return a.idleSinceMs < b.idleSinceMs;
  return a.id < b.id;
}
