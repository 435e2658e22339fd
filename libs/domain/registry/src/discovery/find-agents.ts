import { type AgentPresence, type AgentState, type ListAgents, skillLevel } from '@torch/contracts';
import type { AgentRecord } from '../registry.state';
import { type AgentIndex, labelKey, roleKey, skillKey, stateKey } from './agent-index';
import { bitsFor, clearBit, countBits, FEW_MAX, hasBit, membersOf, setBit, type SlotSet } from './slot-set';

type Filter = Omit<ListAgents, 'limit'>;
type Test = (slot: number) => boolean;

/** States that agents of a presence are in; those that are live are in one of the others. */
const STATE_OF: Partial<Record<AgentPresence, AgentState>> = { suspected: 'suspected', lost: 'lost', deregistered: 'stopped' };

/**
 * Agents that fit, in the order that is asked for, at most `max`.
 *
 * What is asked for is a set of slots each, and all that fit are in every one of them: of a small set each member is looked at,
 * large ones are bitmaps and are cut 32 slots at a time. Few that are left are sorted; for many the order is walked until the
 * page is full, which is soon, since they are many.
 */
export function findAgents(index: AgentIndex, filter: Filter, max: number): AgentRecord[] {
  const sets = requiredSets(index, filter);
  if (!sets) return [];
  const slots = fitting(index, sets, filter);
  const found = Array.isArray(slots) ? sorted(index, slots, filter) : walked(index, slots, filter, max);
  return found.slice(0, max).map((slot) => index.agentAt(slot));
}

/** Smallest first; `undefined` when nobody can fit. */
function requiredSets(index: AgentIndex, filter: Filter): SlotSet[] | undefined {
  const { role, skills = [], labels = {}, state, presence } = filter;
  const keys = skills.map(skillKeyOf);
  if (role !== undefined) keys.push(roleKey(role));
  for (const [label, value] of Object.entries(labels)) keys.push(labelKey(label, value));
  if (state !== undefined) keys.push(stateKey(state));
  const only = presence && STATE_OF[presence];
  if (only) keys.push(stateKey(only));
  const sets: SlotSet[] = [];
  for (const key of keys) {
    const set = index.setOf(key);
    if (!set) return undefined;
    sets.push(set);
  }
  return sets.sort((a, b) => a.size - b.size);
}

/** Few slots as a list, many as bits; `undefined` for all that there are. */
function fitting(index: AgentIndex, sets: readonly SlotSet[], filter: Filter): number[] | Uint32Array | undefined {
  const [smallest] = sets;
  if (smallest && smallest.size <= FEW_MAX) return smallest.members().filter(eachTest(index, sets, filter));
  if (!smallest && !filter.anySkill && filter.free === undefined && filter.namePrefix === undefined && filter.presence === undefined)
    return undefined;

  const bits = bitsFor(index.slotsEver);
  (smallest ?? index.everybody).unite(bits);
  for (const set of sets.slice(1)) set.restrict(bits);
  const any = anySkillSets(index, filter);
  if (any) restrictToAny(bits, any);
  if (filter.presence === 'live') restrictToAny(bits, index.liveSets());
  if (filter.namePrefix !== undefined) restrictToPrefix(index, bits, filter.namePrefix);
  if (filter.free !== undefined) restrictToAny(bits, index.withFree(filter.free));
  return countBits(bits, FEW_MAX) <= FEW_MAX ? membersOf(bits) : bits;
}

function eachTest(index: AgentIndex, sets: readonly SlotSet[], filter: Filter): Test {
  const { free, namePrefix, presence } = filter;
  const any = anySkillSets(index, filter);
  return (slot) =>
    sets.every((set) => set.has(slot)) &&
    (presence !== 'live' || index.isLiveAt(slot)) &&
    (free === undefined || index.freeAt(slot) >= free) &&
    (!any || any.some((set) => set.has(slot))) &&
    (namePrefix === undefined || index.nameAt(slot).startsWith(namePrefix));
}

/** `undefined` when any skills will do. */
function anySkillSets(index: AgentIndex, { anySkill = [] }: Filter): SlotSet[] | undefined {
  if (anySkill.length === 0) return undefined;
  return anySkill.map((skill) => index.setOf(skillKeyOf(skill))).filter((set) => set !== undefined);
}

function restrictToAny(bits: Uint32Array, sets: readonly SlotSet[]): void {
  const all = new Uint32Array(bits.length);
  for (const set of sets) set.unite(all);
  restrictTo(bits, all);
}

/** Those with the prefix are together in the order of names: the shorter of that stretch and the rest is read. */
function restrictToPrefix(index: AgentIndex, bits: Uint32Array, prefix: string): void {
  const isBefore: Test = (slot) => index.nameAt(slot) < prefix;
  const isBeforeEnd: Test = (slot) => isBefore(slot) || index.nameAt(slot).startsWith(prefix);
  const [from, to] = [index.byName.rank(isBefore), index.byName.rank(isBeforeEnd)];
  if (to - from > index.size / 2) {
    index.byName.readBetween(0, from, (slot) => clearBit(bits, slot));
    index.byName.readBetween(to, index.size, (slot) => clearBit(bits, slot));
    return;
  }
  const named = new Uint32Array(bits.length);
  index.byName.readBetween(from, to, (slot) => setBit(named, slot));
  restrictTo(bits, named);
}

function restrictTo(bits: Uint32Array, others: Uint32Array): void {
  for (let at = 0; at < bits.length; at++) bits[at]! &= others[at]!;
}

function sorted(index: AgentIndex, slots: readonly number[], { order, after = '' }: Filter): number[] {
  const idOf = (slot: number): string => index.agentAt(slot).agentId;
  const byId = (a: number, b: number): number => (idOf(a) < idOf(b) ? -1 : 1);
  const found = slots.filter((slot) => idOf(slot) > after);
  return found.sort(order === 'score' ? (a, b) => index.scoreAt(b) - index.scoreAt(a) || byId(a, b) : byId);
}

function walked(index: AgentIndex, bits: Uint32Array | undefined, { order, after }: Filter, max: number): number[] {
  const found: number[] = [];
  const isBefore: Test | undefined = after === undefined ? undefined : (slot) => index.agentAt(slot).agentId <= after;
  (order === 'score' ? index.byScore : index.byId).read((slot) => {
    if (!bits || hasBit(bits, slot)) found.push(slot);
    return found.length < max;
  }, isBefore);
  return found;
}

function skillKeyOf(skill: string): string {
  const { name, level } = skillLevel(skill);
  return skillKey(name, level);
}
