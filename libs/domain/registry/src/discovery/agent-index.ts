import { AGENT_STATES, type AgentState, skillLevel } from '@torch/contracts';
import { agentState, freeCapacity } from '../agent-state';
import { ALL, successRate, tallyOf } from '../record/record.exports';
import type { AgentRecord } from '../registry.state';
import { SlotOrder } from './slot-order';
import { SlotSet } from './slot-set';

/** What an agent was filed under, as it then was. */
type Filed = Pick<AgentRecord, 'role' | 'skills' | 'labels' | 'name'>;

/**
 * Every agent has a slot, a small number; each property that can be asked for is a set of slots or a column by slot, and
 * each order a list of slots. Which agents fit is then a matter of bits and numbers, and only those on the page are looked at.
 */
export class AgentIndex {
  private readonly slots = new Map<string, number>();
  private readonly agents: AgentRecord[] = [];
  private readonly filed: Filed[] = [];
  private readonly freeSlots: number[] = [];
  /** By `role …`, `skill … level`, `label …=…`, `state …` and `free …`. */
  private readonly sets = new Map<string, SlotSet>();
  readonly everybody = new SlotSet();
  private states = new Uint8Array(64);
  private free = new Uint16Array(64);
  private scores = new Float64Array(64);
  /** The most that any agent ever had free. */
  private freeMost = 0;
  /** Registered since somebody listens, and not heard yet. */
  private readonly unheard = new Set<string>();
  private listening = false;

  readonly byId = new SlotOrder((a, b) => this.agents[a]!.agentId < this.agents[b]!.agentId);
  readonly byName = new SlotOrder((a, b) => {
    const nameA = this.filed[a]!.name;
    const nameB = this.filed[b]!.name;
    return nameA < nameB || (nameA === nameB && this.agents[a]!.agentId < this.agents[b]!.agentId);
  });
  /** The best first. */
  readonly byScore = new SlotOrder(
    (a, b) => this.scores[a]! > this.scores[b]! || (this.scores[a] === this.scores[b] && this.agents[a]!.agentId < this.agents[b]!.agentId),
  );

  private readonly orders: readonly SlotOrder[] = [this.byId, this.byName, this.byScore];

  get size(): number {
    return this.slots.size;
  }

  agentAt(slot: number): AgentRecord {
    return this.agents[slot]!;
  }

  nameAt(slot: number): string {
    return this.filed[slot]!.name;
  }

  freeAt(slot: number): number {
    return this.free[slot]!;
  }

  scoreAt(slot: number): number {
    return this.scores[slot]!;
  }

  isLiveAt(slot: number): boolean {
    return LIVE[this.states[slot]!]!;
  }

  /** Slots that were ever taken, those that are free again included. */
  get slotsEver(): number {
    return this.agents.length;
  }

  liveSets(): SlotSet[] {
    return AGENT_STATES.filter((_, code) => LIVE[code])
      .map((state) => this.setOf(stateKey(state)))
      .filter((set) => set !== undefined);
  }

  /** Of agents that can take at least so many more tasks. */
  withFree(least: number): SlotSet[] {
    const sets: SlotSet[] = [];
    for (let free = least; free <= this.freeMost; free++) {
      const set = this.sets.get(freeKey(free));
      if (set) sets.push(set);
    }
    return sets;
  }

  setOf(key: string): SlotSet | undefined {
    return this.sets.get(key);
  }

  stateOf(agent: AgentRecord): AgentState {
    return agentState(agent, !this.unheard.has(agent.agentId));
  }

  /** From now on who registers is `starting` until it is heard. Nobody is where nobody listens, as in a replay. */
  listen(): void {
    this.listening = true;
  }

  registered(agentId: string): void {
    if (!this.listening) return;
    this.unheard.add(agentId);
    this.refreshById(agentId);
  }

  heard(agentId: string): void {
    if (this.unheard.delete(agentId)) this.refreshById(agentId);
  }

  /** Files many at once, where there is nobody yet. */
  fill(agents: readonly AgentRecord[]): void {
    const slots = agents.map((agent) => this.enter(agent));
    for (const order of this.orders) order.fill(slots);
  }

  /** Files the agent, or files it anew as it is now. */
  put(agent: AgentRecord): void {
    const slot = this.slots.get(agent.agentId);
    if (slot === undefined) {
      const entered = this.enter(agent);
      for (const order of this.orders) order.add(entered);
      return;
    }
    this.agents[slot] = agent;
    const { name, role, skills, labels } = this.filed[slot]!;
    if (name !== agent.name || role !== agent.role || skills !== agent.skills || labels !== agent.labels) {
      this.byName.remove(slot);
      this.unfile(slot);
      this.file(slot, agent);
      this.byName.add(slot);
    }
    this.refresh(agent);
  }

  /** State, free capacity and score as they are now. */
  refresh(agent: AgentRecord): void {
    const slot = this.slots.get(agent.agentId);
    if (slot === undefined) return;
    const state = this.stateOf(agent);
    const before = AGENT_STATES[this.states[slot]!]!;
    if (state !== before) {
      this.takeFrom(stateKey(before), slot);
      this.addTo(stateKey(state), slot);
      this.states[slot] = AGENT_STATES.indexOf(state);
    }
    this.putFree(slot, freeCapacity(agent));
    const score = scoreOf(agent);
    if (score === this.scores[slot]) return;
    this.byScore.remove(slot);
    this.scores[slot] = score;
    this.byScore.add(slot);
  }

  drop(agentId: string): void {
    const slot = this.slots.get(agentId);
    if (slot === undefined) return;
    for (const order of this.orders) order.remove(slot);
    this.unfile(slot);
    this.takeFrom(stateKey(AGENT_STATES[this.states[slot]!]!), slot);
    this.takeFrom(freeKey(this.free[slot]!), slot);
    this.everybody.delete(slot);
    this.slots.delete(agentId);
    this.unheard.delete(agentId);
    this.freeSlots.push(slot);
  }

  /** Everything but its place in the orders. */
  private enter(agent: AgentRecord): number {
    const slot = this.freeSlots.pop() ?? this.agents.length;
    this.makeRoom(slot);
    this.slots.set(agent.agentId, slot);
    this.everybody.add(slot);
    this.agents[slot] = agent;
    this.scores[slot] = scoreOf(agent);
    this.free[slot] = freeCapacity(agent);
    this.addTo(freeKey(this.free[slot]!), slot);
    this.freeMost = Math.max(this.freeMost, this.free[slot]!);
    const state = this.stateOf(agent);
    this.states[slot] = AGENT_STATES.indexOf(state);
    this.addTo(stateKey(state), slot);
    this.file(slot, agent);
    return slot;
  }

  private makeRoom(slot: number): void {
    if (slot < this.states.length) return;
    const length = 2 * this.states.length;
    const { states, free, scores } = this;
    (this.states = new Uint8Array(length)).set(states);
    (this.free = new Uint16Array(length)).set(free);
    (this.scores = new Float64Array(length)).set(scores);
  }

  private file(slot: number, { name, role, skills, labels }: AgentRecord): void {
    const filed = { name, role, skills, labels };
    this.filed[slot] = filed;
    for (const key of keysOf(filed)) this.addTo(key, slot);
  }

  private unfile(slot: number): void {
    for (const key of keysOf(this.filed[slot]!)) this.takeFrom(key, slot);
  }

  private putFree(slot: number, free: number): void {
    const before = this.free[slot]!;
    if (free === before) return;
    this.takeFrom(freeKey(before), slot);
    this.addTo(freeKey(free), slot);
    this.free[slot] = free;
    this.freeMost = Math.max(this.freeMost, free);
  }

  private refreshById(agentId: string): void {
    const slot = this.slots.get(agentId);
    if (slot !== undefined) this.refresh(this.agents[slot]!);
  }

  private addTo(key: string, slot: number): void {
    let set = this.sets.get(key);
    if (!set) this.sets.set(key, (set = new SlotSet()));
    set.add(slot);
  }

  private takeFrom(key: string, slot: number): void {
    const set = this.sets.get(key);
    set?.delete(slot);
    if (set?.size === 0) this.sets.delete(key);
  }
}

/** By state code. */
const LIVE = AGENT_STATES.map((state) => state !== 'suspected' && state !== 'lost' && state !== 'stopped');

export const roleKey = (role: string): string => `role ${role}`;
export const labelKey = (name: string, value: string): string => `label ${name}=${value}`;
export const stateKey = (state: AgentState): string => `state ${state}`;
const freeKey = (free: number): string => `free ${free}`;
export const skillKey = (name: string, level: number): string => `skill ${name} ${level}`;

function keysOf({ role, skills, labels = {} }: Filed): string[] {
  const keys = [roleKey(role)];
  for (const skill of skills) {
    const { name, level } = skillLevel(skill);
    for (let reached = 1; reached <= level; reached++) keys.push(skillKey(name, reached));
  }
  for (const [label, value] of Object.entries(labels)) keys.push(labelKey(label, value));
  return keys;
}

/** The success rate over everything that the agent did, to six digits. */
export const scoreOf = ({ record }: Pick<AgentRecord, 'record'>): number => Math.round(1e6 * successRate(tallyOf(record, ALL)));
