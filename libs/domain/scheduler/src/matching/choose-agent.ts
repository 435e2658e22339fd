import type { AgentChoice } from '@torch/contracts';
import { HeapWalk } from '@torch/kernel';
import type { GateRound, Hold } from '../gates/gates.exports';
import type { AgentState, SchedulerState, TaskState } from '../scheduler.state';
import { type AgentProfile, type DemandClass, isBetter } from './role-index';
import { agentsOf, rounded, scoreOf, wishesOf } from './score';

/** Of each profile, the free agents that are compared for a task: the first by load, success rate, idleness. */
export const COMPARED_MAX = 16;
/** Of those that were not chosen, how many the event names. */
const NAMED_MAX = 3;

export interface Chosen {
  readonly agent: AgentState;
  /** Absent when nobody else could have been chosen. */
  readonly choice: AgentChoice | undefined;
}

/** Nobody who is free may have the task: what keeps it from some of them, if it is more than whose work it is about. */
export interface NotChosen {
  readonly agent: undefined;
  readonly holds: readonly Hold[];
}

export interface Choosing {
  readonly state: SchedulerState;
  readonly nowMs: number;
  readonly rounds: readonly GateRound[];
  /** Agents that the plan has given tasks to, by task. */
  readonly planned: ReadonlyMap<string, string>;
}

interface Scored {
  readonly agent: AgentState;
  readonly score: number;
}

/** Among the free agents that fit, the one with the best score; of equal ones, the one that `isBetter`. */
export function chooseAgent(choosing: Choosing, task: TaskState, demand: DemandClass): Chosen | NotChosen {
  const { state, nowMs, planned } = choosing;
  const { affinity } = task.spec;
  const sameAgents = agentsOf(state.tasks, affinity?.sameAgentAs, planned);
  const candidates = new Candidates(choosing, task, agentsOf(state.tasks, affinity?.notAgentOf, planned));
  for (const profile of demand.profiles) if (profile.free.size > 0) candidates.addFirstOf(profile);
  for (const agentId of sameAgents) candidates.addIfFree(state.agents.get(agentId), demand);

  const wishes = wishesOf(task.spec, sameAgents);
  const scored = candidates.agents.map((agent): Scored => ({ agent, score: scoreOf(agent, wishes, nowMs) }));
  const ranked = firstOf(scored, NAMED_MAX + 1);
  const [best, ...next] = ranked;
  if (!best) return { agent: undefined, holds: [...candidates.holds.values()] };
  return { agent: best.agent, choice: scored.length < 2 ? undefined : choiceOf(best, next, scored.length) };
}

/** What keeps the task from the agent, beyond what it has to be and have. */
export function holdAt({ rounds }: Choosing, task: TaskState, agent: AgentState): Hold | undefined {
  for (const round of rounds) {
    const hold = round.holdAt(task, agent);
    if (hold) return hold;
  }
  return undefined;
}

class Candidates {
  readonly agents: AgentState[] = [];
  readonly holds = new Map<string, Hold>();

  constructor(
    private readonly choosing: Choosing,
    private readonly task: TaskState,
    private readonly never: ReadonlySet<string>,
  ) {}

  addFirstOf({ free }: AgentProfile): void {
    const walk = new HeapWalk(free);
    let left = COMPARED_MAX;
    for (let agent = walk.peek(); agent && left > 0; walk.next(), agent = walk.peek()) if (this.add(agent)) left--;
  }

  addIfFree(agent: AgentState | undefined, { profiles }: DemandClass): void {
    if (!agent?.profile || agent.heapIndex < 0 || !profiles.has(agent.profile) || this.agents.includes(agent)) return;
    this.add(agent);
  }

  private add(agent: AgentState): boolean {
    if (this.never.has(agent.id)) return false;
    const hold = holdAt(this.choosing, this.task, agent);
    if (hold) this.holds.set(hold.key, hold);
    else this.agents.push(agent);
    return !hold;
  }
}

function suitsBetter(a: Scored, b: Scored): boolean {
  return a.score !== b.score ? a.score > b.score : isBetter(a.agent, b.agent);
}

/** The first few in order, without sorting all. */
function firstOf(scored: readonly Scored[], count: number): Scored[] {
  const first: Scored[] = [];
  for (const one of scored) {
    let at = first.length;
    while (at > 0 && suitsBetter(one, first[at - 1] as Scored)) at--;
    if (at === count) continue;
    first.splice(at, 0, one);
    if (first.length > count) first.pop();
  }
  return first;
}

const choiceOf = (best: Scored, next: readonly Scored[], considered: number): AgentChoice => ({
  score: rounded(best.score),
  considered,
  next: next.map(({ agent, score }) => ({ agentId: agent.id, score: rounded(score) })),
});
