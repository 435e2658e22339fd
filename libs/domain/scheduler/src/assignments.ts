import { Heap, HeapWalk } from './heap';
import { type AgentProfile, type DemandClass, isBetter, type RoleIndex } from './matching';
import { ReadyQueueWalk } from './ready-queue';
import { inThread, taskEvent } from './scheduler.facts';
import type { AgentState, TaskState } from './scheduler.state';
import { leaves, roomIn, type Settlement } from './settlement';

/**
 * Gives ready tasks to free agents that fit: tasks by priority, then in order of submission; for each the agent with the most of
 * the preferred skills, then the one that `isBetter`. Walks over the queues and heaps, and leaves them as they are.
 *
 * A role costs what is assigned in it, and its waiting classes times its profiles with a free agent.
 */
export function planAssignments(settlement: Settlement): void {
  const roles = [...settlement.state.matching.workable].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const role of roles) planRole(settlement, role);
}

/** A class whose next task may find an agent. */
interface Candidate {
  readonly demand: DemandClass;
  readonly walk: ReadyQueueWalk;
  head: TaskState;
}

function planRole(settlement: Settlement, role: RoleIndex): void {
  const free = new Map([...role.free].map((profile) => [profile, new FreeAgentsWalk(profile)]));
  const candidates = new Heap<Candidate>((a, b) => isFirst(a.head, b.head));
  for (const demand of role.waiting) {
    if (!hasFitting(demand, free)) continue;
    const walk = new ReadyQueueWalk(demand.queue);
    const head = nextHead(settlement, walk);
    if (head) candidates.push({ demand, walk, head });
  }
  for (let candidate = candidates.peek(); candidate && roomIn(settlement) > 0; candidate = candidates.peek()) {
    const best = bestOf(candidate.demand, candidate.head, free);
    const agent = best?.take();
    if (!agent) {
      candidates.pop(); // No agent gets free while settling: the whole class waits.
      continue;
    }
    assign(settlement, candidate.head, agent);
    candidate.walk.next();
    const head = nextHead(settlement, candidate.walk);
    if (!head) candidates.pop();
    else {
      candidate.head = head;
      candidates.updateAt(0);
    }
  }
}

function assign(settlement: Settlement, task: TaskState, agent: AgentState): void {
  const { state, nowMs, newId, events } = settlement;
  if (task.demand) leaves(settlement, task.demand);
  const leaseUntilMs = nowMs + state.limits.startGraceMs;
  const what = { taskId: task.spec.taskId, attempt: task.attempt + 1, assignment: newId(), agentId: agent.id };
  const assigned = { ...what, leaseUntilMs, assignedAtMs: nowMs };
  events.push(inThread(task, taskEvent('task.assigned', assigned)));
}

function nextHead({ cancelled }: Settlement, walk: ReadyQueueWalk): TaskState | undefined {
  let head = walk.peek();
  while (head && cancelled.has(head)) {
    walk.next();
    head = walk.peek();
  }
  return head;
}

function isFirst(a: TaskState, b: TaskState): boolean {
  return a.spec.priority < b.spec.priority || (a.spec.priority === b.spec.priority && a.seq < b.seq);
}

function hasFitting({ profiles }: DemandClass, free: ReadonlyMap<AgentProfile, unknown>): boolean {
  for (const profile of free.keys()) if (profiles.has(profile)) return true;
  return false;
}

function bestOf(demand: DemandClass, task: TaskState, free: ReadonlyMap<AgentProfile, FreeAgentsWalk>): FreeAgentsWalk | undefined {
  let best: FreeAgentsWalk | undefined;
  let bestPreferred = -1;
  for (const [profile, walk] of free) {
    const first = walk.peek();
    if (!first || !demand.profiles.has(profile)) continue;
    const preferred = preferredIn(profile, task);
    const bestFirst = best?.peek();
    if (preferred < bestPreferred) continue;
    if (preferred === bestPreferred && bestFirst && !isBetter(first.agent, first.running, bestFirst.agent, bestFirst.running)) continue;
    best = walk;
    bestPreferred = preferred;
  }
  return best;
}

function preferredIn({ skills }: AgentProfile, { spec }: TaskState): number {
  let count = 0;
  for (const skill of spec.prefer) if (skills.has(skill)) count++;
  return count;
}

interface Load {
  readonly agent: AgentState;
  readonly running: number;
}

/** The free agents of a profile, best first, where one that has taken a task comes again behind, with its new load. */
class FreeAgentsWalk {
  private readonly untouched: HeapWalk<AgentState>;
  private readonly loaded = new Heap<Load>((a, b) => isBetter(a.agent, a.running, b.agent, b.running));

  constructor(profile: AgentProfile) {
    this.untouched = new HeapWalk(profile.free);
  }

  peek(): Load | undefined {
    const agent = this.untouched.peek();
    const loaded = this.loaded.peek();
    if (!agent) return loaded;
    if (loaded && isBetter(loaded.agent, loaded.running, agent, agent.live.size)) return loaded;
    return { agent, running: agent.live.size };
  }

  /** Gives one task to the best. */
  take(): AgentState | undefined {
    const best = this.peek();
    if (!best) return undefined;
    if (best === this.loaded.peek()) this.loaded.pop();
    else this.untouched.next();
    const running = best.running + 1;
    if (running < best.agent.capacity) this.loaded.push({ agent: best.agent, running });
    return best.agent;
  }
}
