import type { GateRound } from '../gates/gate';
import { gatesBesideClaims } from '../gates/gates.exports';
import { chooseAgent } from '../matching/choose-agent';
import { agentsOf } from '../matching/score';
import type { SchedulerState, TaskState } from '../scheduler.state';
import { isConflict, type Wanted } from './claim-index';
import { taskKey } from './claims.state';
import { isOlder, type Waiter } from './waiting-claims';

/** Waiters that have precedence at a time; the others wait for theirs in order of age. */
const PRECEDENCE_MAX = 16;

export interface Precedence {
  readonly waiter: Waiter;
  /** The next one of it. */
  readonly task: TaskState;
}

/**
 * Those for whom is kept what they want, paths and room in semaphores: others have had any of it for `claimPatienceMs` and longer, and
 * nothing else stands in their way that would not pass by itself: no budget, no limit of zero, and there is an agent. The one that is
 * held for longest comes first. Nobody who is younger is granted what conflicts with theirs, and so each of them waits only for what has
 * been granted already, and then for an agent.
 *
 * The first of them waits for no other waiter. So no circle closes; and each in turn becomes the first.
 *
 * The cost is that of the groups of waiters that have waited so long, and never of all that wait.
 */
export function preceding(state: SchedulerState, nowMs: number): readonly Precedence[] {
  const found: Precedence[] = [];
  let rounds: readonly GateRound[] | undefined;
  for (const waiter of state.claims.waiting.heldLongest(nowMs - state.limits.claimPatienceMs)) {
    rounds ??= gatesBesideClaims().map((gate) => gate.round(state, nowMs));
    if (couldGo(waiter, { state, nowMs, rounds })) found.push({ waiter, task: waiter.strand.head });
    if (found.length === PRECEDENCE_MAX) break;
  }
  return found;
}

interface Asked {
  readonly state: SchedulerState;
  readonly nowMs: number;
  readonly rounds: readonly GateRound[];
}

function couldGo({ strand: { head, demand } }: Waiter, { state, nowMs, rounds }: Asked): boolean {
  for (const round of rounds) {
    const hold = round.hold(head);
    if (hold && !hold.passes) return false;
  }
  const chosen = chooseAgent({ state, nowMs, rounds, planned: new Map() }, head, demand);
  if (chosen.agent || chosen.holds.some(({ passes }) => passes)) return true;
  if (chosen.holds.length > 0) return false;
  let serving = 0;
  for (const { members, away } of demand.profiles) serving += members - away.size;
  for (const agentId of agentsOf(state.tasks, head.spec.affinity?.notAgentOf)) {
    const agent = state.agents.get(agentId);
    if (agent?.profile && demand.profiles.has(agent.profile) && !agent.profile.away.has(agent)) serving--;
  }
  return serving > 0;
}

export interface Kept {
  readonly wanted: Wanted;
  readonly by: Precedence;
  /** Of its paths, the one in the way. */
  readonly path: string;
}

/** The first path that is kept for somebody else, and for whom. Those of one role that want the same go by the order of their queue. */
export function firstKept(first: readonly Precedence[], wanted: readonly Wanted[], own?: Waiter): Kept | undefined {
  for (const by of first) {
    const { waiter } = by;
    if (!isOlder(waiter, own)) return undefined;
    if (waiter.wishKey === own?.wishKey || waiter.strand.size === 0) continue; // Empty: its last task goes in this very plan.
    for (const one of wanted) {
      const path = waiter.paths.find((kept) => isConflict(kept, one));
      if (path) return { wanted: one, by, path: path.glob.text };
    }
  }
  return undefined;
}

/** What everything is parked on that is kept back for the task: the same as once it has its paths. */
export const precedenceKey = ({ task }: Precedence): string => taskKey(task.spec.taskId);

export function inWords({ wanted, by: { task, waiter }, path }: Kept): string {
  const whose = `task ${task.spec.taskId}, which has waited for ${path} since ${waiter.heldSinceMs}`;
  return `${wanted.glob.text} is kept for ${whose} and goes first.`;
}
