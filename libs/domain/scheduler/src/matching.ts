import { OrderedSet } from '@torch/kernel';
import { type AgentProfile, type DemandClass, newDemand, newProfile, newRole, type RoleIndex } from './matching/role-index';
import { Pauses } from './matching/pauses';
import { canonicalSkills, fits, labelKey, type LabelTexts } from './matching/skills';
import { type EncodedShares, FairShares, type Share } from './order/fair-shares';
import { TaskOrder } from './order/task-order';
import type { SchedulerLimits } from './scheduler.limits';
import type { AgentState, TaskState } from './scheduler.state';

export type { AgentProfile, DemandClass, RoleIndex } from './matching/role-index';

/** Demand classes without a waiting task that are kept for their next one, before they are swept. */
export const DEMANDS_IDLE_MAX = 1024;

/** 0 for none, then one more at each power of two. */
export const bucketOf = (waiting: number): number => 32 - Math.clz32(waiting);

/** True when how many tasks of this class wait is news that `demand.changed` has to tell. */
function isNews({ announcedBucket, announcedFits, profiles, queue: { size: waiting } }: DemandClass): boolean {
  return bucketOf(waiting) !== announcedBucket || (waiting > 0 && profiles.size > 0 !== announcedFits);
}

interface Announced {
  readonly role: string;
  readonly skills: readonly string[];
  readonly labels?: LabelTexts;
  readonly waiting: number;
  readonly fittingAgents: number;
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
  readonly news = new OrderedSet<DemandClass>((a, b) => a.role.name < b.role.name || (a.role.name === b.role.name && a.key < b.key));
  readonly order: TaskOrder;
  /** Turns of the roles: what limits them together, a project's limit, a semaphore, a budget, none of them has for itself. */
  readonly turns = new FairShares();
  private readonly pauses = new Pauses();
  private demands = 0;
  private sweepAt = DEMANDS_IDLE_MAX;
  private nowMs = 0;

  constructor({ ageStepMs }: Pick<SchedulerLimits, 'ageStepMs'>) {
    this.order = new TaskOrder(ageStepMs, (demand) => this.refreshDemand(demand));
  }

  enqueue(task: TaskState): void {
    const { role, skills, labels } = task.spec;
    const demand = this.demandOf(role, skills, labels);
    task.demand = demand;
    demand.role.share ??= this.turns.arrive(demand.role.name);
    this.order.enqueue(task, demand, demand.role.shares.arrive(task.fairnessKey));
    this.refreshNews(demand);
  }

  dequeue(task: TaskState): void {
    const { demand, strand } = task;
    if (!demand || !strand) return;
    task.demand = undefined;
    this.order.dequeue(task, strand);
    this.leaveShares(demand.role, strand.share);
    this.refreshNews(demand);
  }

  /** The role and the key of the task, which waits no more, have been given an attempt of it. */
  charge({ spec, fairnessKey }: TaskState, weight: number): void {
    this.turns.charge(spec.role, 1);
    this.roles.get(spec.role)?.shares.charge(fairnessKey, weight);
  }

  /** What holds on the key may hold no more. */
  wake(key: string): void {
    this.order.wake(key);
  }

  /** To be called before a plan: what waits has grown older, and what was held or paused until a time may be so no more. */
  passTo(nowMs: number): void {
    this.order.passTo(nowMs, () => [...this.roles.values()].flatMap(({ demands }) => [...demands.values()]));
    const beforeMs = this.nowMs;
    this.nowMs = nowMs;
    for (const agent of this.pauses.passTo(nowMs, beforeMs)) this.refreshAgent(agent);
  }

  /**
   * When a plan may say something else, if nothing happens before, epoch ms. Of what gates hold until a time it knows what the last
   * plan has met: a state that has just been restored has to be settled once before.
   */
  nextWakeMs(): number {
    return Math.min(this.order.nextWakeMs(), this.pauses.nextWakeMs());
  }

  /** The agent is present: live or suspected. */
  join(agent: AgentState): void {
    const role = this.roleOf(agent.role);
    const key = `${canonicalSkills(agent.skills).join(',')}|${labelKey(agent.labels)}`;
    let profile = role.profiles.get(key);
    if (!profile) {
      profile = newProfile(role, key, agent);
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
    profile.away.delete(agent);
    this.pauses.refresh(agent);
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
    this.pauses.refresh(agent);
    if (this.serves(agent)) profile.away.delete(agent);
    else profile.away.add(agent);
    if (this.reload(agent)) this.order.unstick((demand) => demand.profiles.has(profile));
  }

  /** As `refreshAgent`, within a plan: only the load has changed. True when the agent is free. */
  reload(agent: AgentState): boolean {
    const profile = agent.profile as AgentProfile;
    agent.load = agent.live.size + agent.planned;
    const isFree = this.canTakeMore(agent);
    if (!isFree) {
      if (agent.heapIndex >= 0) profile.free.removeAt(agent.heapIndex);
    } else if (agent.heapIndex >= 0) profile.free.updateAt(agent.heapIndex);
    else profile.free.push(agent);
    this.refreshProfile(profile);
    return isFree;
  }

  announced({ role, skills, labels, waiting, fittingAgents }: Announced): void {
    const demand = this.demandOf(role, skills, labels);
    demand.announcedBucket = bucketOf(waiting);
    demand.announcedFits = fittingAgents > 0;
    this.refreshNews(demand);
  }

  /** What fairness keys have had of the role. Before any task is enqueued. */
  restoreShares(role: string, encoded: EncodedShares): void {
    this.roleOf(role).shares.restore(encoded);
  }

  private leaveShares(role: RoleIndex, share: Share): void {
    role.shares.leave(share);
    if (!role.share || role.shares.waiting > 0) return;
    this.turns.leave(role.share);
    role.share = undefined;
  }

  private canTakeMore(agent: AgentState): boolean {
    return this.serves(agent) && agent.load < agent.capacity;
  }

  private serves({ presence, draining, pausedUntilMs }: AgentState): boolean {
    return presence === 'live' && !draining && pausedUntilMs <= this.nowMs;
  }

  private demandOf(roleName: string, requiredSkills: readonly string[], labels: LabelTexts | undefined): DemandClass {
    const role = this.roleOf(roleName);
    const skills = canonicalSkills(requiredSkills);
    const key = labels ? `${skills.join(',')}|${labelKey(labels)}` : skills.join(',');
    let demand = role.demands.get(key);
    if (!demand) {
      if (this.demands >= this.sweepAt) this.sweep();
      demand = newDemand(role, { key, skills, labels });
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
      role = newRole(name);
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

  private refreshDemand(demand: DemandClass): void {
    const { role, queue } = demand;
    if (queue.isWaiting === role.waiting.has(demand)) return;
    if (queue.isWaiting) role.waiting.add(demand);
    else role.waiting.delete(demand);
    this.refreshRole(role);
  }

  private refreshRole(role: RoleIndex): void {
    if (role.waiting.size > 0 && role.free.size > 0) this.workable.add(role);
    else this.workable.delete(role);
  }

  private refreshNews(demand: DemandClass): void {
    if (isNews(demand)) this.news.add(demand);
    else this.news.delete(demand);
  }
}
