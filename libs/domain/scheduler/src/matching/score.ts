import type { TaskSpec } from '@torch/contracts';
import type { AgentState, TaskState } from '../scheduler.state';
import { hasSkill, type SkillLevels, skillLevels } from './skills';
import { kindOf, successRateOf } from './track-record';

/** What each part of the score counts at most. */
export const SCORE_WEIGHTS = { successRate: 4, load: 2, preferred: 2, affinity: 2, idle: 1 } as const;
/** An agent that has been idle for this long counts as idle as can be. */
export const IDLE_SATURATES_MS = 10 * 60_000;

export type Parts = Readonly<Record<keyof typeof SCORE_WEIGHTS, number>>;

/** What the task asks of a score, worked out once for all agents. */
export interface Wishes {
  readonly kind: string;
  readonly prefer: SkillLevels;
  /** Agents that did one of the tasks that it names as `sameAgentAs`. */
  readonly sameAgents: ReadonlySet<string>;
}

export function wishesOf(spec: Pick<TaskSpec, 'kind' | 'prefer'>, sameAgents: ReadonlySet<string> = NOBODY): Wishes {
  return { kind: kindOf(spec), prefer: spec.prefer.length === 0 ? NO_SKILLS : skillLevels(spec.prefer), sameAgents };
}

/**
 * How well the agent suits the task, from 0 to 11: the higher, the better.
 *
 *     4 · success rate for this kind of work     (s + 1) / (s + f + 2), where each attempt counts 0.98 of the one after it
 *   + 2 · (1 − load / capacity)                  live attempts, before this one
 *   + 2 · share of the preferred skills          each at least at its level; 0 when the task prefers none
 *   + 2 · affinity                               1 when it did one of the tasks of `sameAgentAs`, else 0
 *   + 1 · idle                                   time since its last attempt ended, of 10 minutes
 */
export function scoreOf(agent: AgentState, wishes: Wishes, nowMs: number): number {
  const { successRate, load, preferred, affinity, idle } = scoreParts(agent, wishes, nowMs);
  return successRate + load + preferred + affinity + idle;
}

/** Each weighted, as they are added up. */
export function scoreParts(agent: AgentState, { kind, prefer, sameAgents }: Wishes, nowMs: number): Parts {
  const idleMs = Math.min(Math.max(0, nowMs - agent.idleSinceMs), IDLE_SATURATES_MS);
  return {
    successRate: SCORE_WEIGHTS.successRate * successRateOf(agent.record, kind),
    load: SCORE_WEIGHTS.load * Math.max(0, 1 - agent.load / agent.capacity),
    preferred: SCORE_WEIGHTS.preferred * shareOf(prefer, agent),
    affinity: sameAgents.has(agent.id) ? SCORE_WEIGHTS.affinity : 0,
    idle: (SCORE_WEIGHTS.idle * idleMs) / IDLE_SATURATES_MS,
  };
}

/** As events and answers tell it. */
export const rounded = (score: number): number => Math.round(score * 10_000) / 10_000;

function shareOf(prefer: SkillLevels, { profile }: AgentState): number {
  if (prefer.size === 0 || !profile) return 0;
  let has = 0;
  for (const [name, level] of prefer) if (hasSkill(profile.levels, name, level)) has++;
  return has / prefer.size;
}

const NO_SKILLS: SkillLevels = new Map();
const NOBODY: ReadonlySet<string> = new Set();

/** The agents that had any attempt of the tasks, those included that `planned` is about to give them to. */
export function agentsOf(
  tasks: ReadonlyMap<string, TaskState>,
  taskIds: readonly string[] | undefined,
  planned: ReadonlyMap<string, string> = NOTHING_PLANNED,
): ReadonlySet<string> {
  if (!taskIds || taskIds.length === 0) return NOBODY;
  const agents = new Set<string>();
  for (const taskId of taskIds) {
    const task = tasks.get(taskId);
    for (const agentId of [task?.agentId, planned.get(taskId), ...(task?.pastAgents ?? [])]) if (agentId !== undefined) agents.add(agentId);
  }
  return agents;
}

const NOTHING_PLANNED: ReadonlyMap<string, string> = new Map();
