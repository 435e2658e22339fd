import { Heap, noteIndex } from './heap';
import { ReadyQueue } from './ready-queue';
import type { AgentState, TaskState } from './scheduler.state';

/** Demand classes without a waiting task that are kept for their next one, before they are swept. */
export const DEMANDS_IDLE_MAX = 1024;

/** All tasks of one role and one set of required skills: what fits one of them fits all. */
export interface DemandClass {
  readonly key: string;
  readonly role: RoleIndex;
  /** Sorted. */
  readonly skills: readonly string[];
  readonly queue: ReadyQueue;
  /** The profiles that fit; each has a live or suspected agent. */
  readonly profiles: Set<AgentProfile>;
  /** What the last `demand.changed` said. */
  announcedBucket: number;
  announcedFits: boolean;
}

/** All present agents of one role and one set of skills. */
export interface AgentProfile {
  readonly key: string;
  readonly role: RoleIndex;
  readonly skills: ReadonlySet<string>;
  /** Live and suspected agents. */
  members: number;
  /** Those that can take one more task, best first. */
  readonly free: Heap<AgentState>;
}

export interface RoleIndex {
  readonly name: string;
  readonly demands: Map<string, DemandClass>;
  /** Those with a ready task. */
  readonly waiting: Set<DemandClass>;
  readonly profiles: Map<string, AgentProfile>;
  /** Those with a free agent. */
  readonly free: Set<AgentProfile>;
}

/** 0 for none, then one more at each power of two. */
export const bucketOf = (waiting: number): number => 32 - Math.clz32(waiting);

/** True when `waiting` tasks in this class are news that `demand.changed` has to tell. */
export function isNews({ announcedBucket, announcedFits, profiles }: DemandClass, waiting: number): boolean {
  return bucketOf(waiting) !== announcedBucket || (waiting > 0 && profiles.size > 0 !== announcedFits);
}

/** Fewest running first, then the better success rate, then idle for longest; ids settle what is left. */
export function isBetter(a: AgentState, aRunning: number, b: AgentState, bRunning: number): boolean {
  if (aRunning !== bRunning) return aRunning < bRunning;
  if (a.successRate !== b.successRate) return a.successRate > b.successRate;
  if (a.idleSinceMs !== b.idleSinceMs) return a.idleSinceMs < b.idleSinceMs;
  return a.id < b.id;
}

/**
 * Who waits and who is free, by role. An agent or a task moves in O(log n) of its own kind; only a demand class or a
 * profile that appears or vanishes is compared with all of the other sort in its role.
 */
export class Matching {
  readonly roles = new Map<string, RoleIndex>();
  /** Roles with both a waiting task and a free agent. */
  readonly workable = new Set<RoleIndex>();
  /** Classes whose demand is news. */
  readonly news = new Set<DemandClass>();
  private demands = 0;
  private sweepAt = DEMANDS_IDLE_MAX;

  enqueue(task: TaskState): void {
    const demand = this.demandOf(task.spec.role, task.spec.skills);
    task.demand = demand;
    demand.queue.push(task);
    if (demand.queue.size === 1) {
      demand.role.waiting.add(demand);
      this.refreshRole(demand.role);
    }
    this.refreshNews(demand);
  }

  dequeue(task: TaskState): void {
    const { demand } = task;
    if (!demand) return;
    task.demand = undefined;
    demand.queue.remove(task);
    if (demand.queue.size === 0) {
      demand.role.waiting.delete(demand);
      this.refreshRole(demand.role);
    }
    this.refreshNews(demand);
  }

  /** The agent is present: live or suspected. */
  join(agent: AgentState): void {
    const role = this.roleOf(agent.role);
    const skills = [...new Set(agent.skills)].sort();
    const key = skills.join(',');
    let profile = role.profiles.get(key);
    if (!profile) {
      profile = { key, role, skills: new Set(skills), members: 0, free: freeAgents() };
      role.profiles.set(key, profile);
      for (const demand of role.demands.values()) if (fits(profile, demand)) this.link(demand, profile);
    }
    profile.members++;
    agent.profile = profile;
    this.refreshAgent(agent);
  }

  leave(agent: AgentState): void {
    const { profile } = agent;
    if (!profile) return;
    if (agent.heapIndex >= 0) profile.free.removeAt(agent.heapIndex);
    agent.profile = undefined;
    profile.members--;
    this.refreshProfile(profile);
    if (profile.members > 0) return;
    profile.role.profiles.delete(profile.key);
    for (const demand of profile.role.demands.values()) {
      if (demand.profiles.delete(profile)) this.refreshNews(demand);
    }
    this.dropRole(profile.role);
  }

  /** To be called when an agent's presence, load or rank has changed. */
  refreshAgent(agent: AgentState): void {
    const { profile } = agent;
    if (!profile) return;
    const isFree = agent.presence === 'live' && agent.live.size < agent.capacity;
    if (!isFree) {
      if (agent.heapIndex >= 0) profile.free.removeAt(agent.heapIndex);
    } else if (agent.heapIndex >= 0) profile.free.updateAt(agent.heapIndex);
    else profile.free.push(agent);
    this.refreshProfile(profile);
  }

  announced({
    role,
    skills,
    waiting,
    fittingAgents,
  }: {
    role: string;
    skills: readonly string[];
    waiting: number;
    fittingAgents: number;
  }): void {
    const demand = this.demandOf(role, skills);
    demand.announcedBucket = bucketOf(waiting);
    demand.announcedFits = fittingAgents > 0;
    this.refreshNews(demand);
  }

  private demandOf(roleName: string, requiredSkills: readonly string[]): DemandClass {
    const role = this.roleOf(roleName);
    const skills = requiredSkills.length < 2 ? requiredSkills : [...new Set(requiredSkills)].sort();
    const key = skills.join(',');
    let demand = role.demands.get(key);
    if (!demand) {
      if (this.demands >= this.sweepAt) this.sweep();
      demand = { key, role, skills, queue: new ReadyQueue(), profiles: new Set(), announcedBucket: 0, announcedFits: false };
      role.demands.set(key, demand);
      this.roles.set(roleName, role); // The sweep may have dropped it.
      this.demands++;
      for (const profile of role.profiles.values()) if (fits(profile, demand)) demand.profiles.add(profile);
    }
    return demand;
  }

  /** Amortised: at most half of what it looks at stays. */
  private sweep(): void {
    for (const role of [...this.roles.values()]) {
      for (const demand of [...role.demands.values()]) {
        if (demand.queue.size > 0 || demand.announcedBucket > 0) continue;
        role.demands.delete(demand.key);
        this.demands--;
      }
      this.dropRole(role);
    }
    this.sweepAt = Math.max(DEMANDS_IDLE_MAX, 2 * this.demands);
  }

  private roleOf(name: string): RoleIndex {
    let role = this.roles.get(name);
    if (!role) {
      role = { name, demands: new Map(), waiting: new Set(), profiles: new Map(), free: new Set() };
      this.roles.set(name, role);
    }
    return role;
  }

  private dropRole(role: RoleIndex): void {
    if (role.demands.size === 0 && role.profiles.size === 0) this.roles.delete(role.name);
  }

  private link(demand: DemandClass, profile: AgentProfile): void {
    demand.profiles.add(profile);
    this.refreshNews(demand);
  }

  private refreshProfile(profile: AgentProfile): void {
    const { role } = profile;
    if (profile.free.size > 0 === role.free.has(profile)) return;
    if (profile.free.size > 0) role.free.add(profile);
    else role.free.delete(profile);
    this.refreshRole(role);
  }

  private refreshRole(role: RoleIndex): void {
    if (role.waiting.size > 0 && role.free.size > 0) this.workable.add(role);
    else this.workable.delete(role);
  }

  private refreshNews(demand: DemandClass): void {
    if (isNews(demand, demand.queue.size)) this.news.add(demand);
    else this.news.delete(demand);
  }
}

function fits(profile: AgentProfile, { skills }: DemandClass): boolean {
  return skills.every((skill) => profile.skills.has(skill));
}

function freeAgents(): Heap<AgentState> {
  return new Heap<AgentState>((a, b) => isBetter(a, a.live.size, b, b.live.size), noteIndex);
}
