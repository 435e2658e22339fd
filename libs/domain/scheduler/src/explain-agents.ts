import type { Candidate, Misfit } from '@torch/contracts';
import { cutToBytes, HeapWalk } from '@torch/kernel';
import type { GateRound } from './gates/gates.exports';
import { COMPARED_MAX } from './matching/choose-agent';
import type { AgentProfile } from './matching/role-index';
import { agentsOf, rounded, scoreParts, wishesOf } from './matching/score';
import { fits, hasSkill, type Requirements, skillLevels } from './matching/skills';
import type { AgentState, SchedulerState, TaskState } from './scheduler.state';

/** Candidates of one answer: the best, and then those that cannot have the task. */
export const BEST_MAX = 20;
export const CANDIDATES_MAX = 100;
/** Agents that are looked at for those that cannot have the task. */
const LOOKED_AT_MAX = 20_000;
const MISFITS_MAX = 64;

export interface Asked {
  readonly state: SchedulerState;
  readonly task: TaskState;
  readonly nowMs: number;
  readonly rounds: readonly GateRound[];
}

/** Agents of the task's role: the best of those that can have it, by score, and then some of those that cannot. */
export function candidatesFor(asked: Asked): Candidate[] {
  const { state, task } = asked;
  const needs: Requirements = { levels: skillLevels(task.spec.skills), labels: task.spec.labels };
  const looked = new Set<AgentState>();
  const able: Candidate[] = [];
  for (const profile of state.matching.roles.get(task.spec.role)?.profiles.values() ?? []) {
    if (!fits(profile, needs)) continue;
    for (const agent of firstFree(profile)) {
      looked.add(agent);
      able.push(candidateOf(asked, agent));
    }
  }
  const unable = able.filter((candidate) => !candidate.fits);
  let left = LOOKED_AT_MAX;
  for (const agent of state.agents.values()) {
    if (left-- === 0 || unable.length >= CANDIDATES_MAX - BEST_MAX) break;
    if (agent.role !== task.spec.role || looked.has(agent)) continue;
    const candidate = candidateOf(asked, agent);
    if (!candidate.fits) unable.push(candidate);
  }
  const best = able.filter((candidate) => candidate.fits).sort((a, b) => (b.score ?? 0) - (a.score ?? 0) || byId(a, b));
  return [...best.slice(0, BEST_MAX), ...unable.sort(byId).slice(0, CANDIDATES_MAX - BEST_MAX)];
}

function* firstFree({ free }: AgentProfile): Iterable<AgentState> {
  const walk = new HeapWalk(free);
  let left = COMPARED_MAX;
  for (let agent = walk.peek(); agent && left-- > 0; walk.next(), agent = walk.peek()) yield agent;
}

function candidateOf(asked: Asked, agent: AgentState): Candidate {
  const { state, task, nowMs } = asked;
  const misfits = misfitsOf(asked, agent);
  if (misfits.length > 0) return { agentId: agent.id, fits: false, misfits: misfits.slice(0, MISFITS_MAX) };
  const wishes = wishesOf(task.spec, agentsOf(state.tasks, task.spec.affinity?.sameAgentAs));
  const { successRate, load, preferred, affinity, idle } = scoreParts(agent, wishes, nowMs);
  const score = rounded(successRate + load + preferred + affinity + idle);
  const parts = { successRate: rounded(successRate), load: rounded(load), preferred: rounded(preferred), affinity, idle: rounded(idle) };
  return { agentId: agent.id, fits: true, misfits: [], score, parts };
}

/** Everything that keeps the agent from having the task now. */
function misfitsOf({ state, task, nowMs, rounds }: Asked, agent: AgentState): Misfit[] {
  const messages = [...lacksOf(task, agent)];
  if (agent.presence !== 'live') messages.push(`It is ${agent.presence}.`);
  if (agent.draining) messages.push('It is draining, and gets nothing new.');
  if (agent.pausedUntilMs > nowMs) {
    messages.push(agent.pausedUntilMs === Infinity ? 'It is paused.' : `It is paused until ${agent.pausedUntilMs}.`);
  }
  if (agent.load >= agent.capacity) messages.push(`It has ${agent.load} of ${agent.capacity} tasks.`);
  if (agentsOf(state.tasks, task.spec.affinity?.notAgentOf).has(agent.id)) messages.push('It did a task that this one keeps away from.');
  for (const round of rounds) {
    const hold = round.holdAt(task, agent);
    if (hold) messages.push(hold.message);
  }
  return messages.map((message) => ({ message: cutToBytes(message, 200) }));
}

/** What it would have to be, and is not. */
export function* lacksOf({ spec }: TaskState, { skills, labels }: Pick<AgentState, 'skills' | 'labels'>): Iterable<string> {
  const has = skillLevels(skills);
  for (const [name, level] of skillLevels(spec.skills)) {
    const its = has.get(name);
    if (its === undefined) yield `It lacks the skill ${name}.`;
    else if (!hasSkill(has, name, level)) yield `It has the skill ${name} at level ${its}, and ${level} is needed.`;
  }
  for (const [name, text] of Object.entries(spec.labels ?? {})) {
    const its = labels?.[name];
    if (its !== text) yield its === undefined ? `It lacks the label ${name}.` : `Its label ${name} is ${its}, and ${text} is needed.`;
  }
}

const byId = (a: Candidate, b: Candidate): number => (a.agentId < b.agentId ? -1 : 1);
