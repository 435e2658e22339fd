import type { AgentChoice } from '@torch/contracts';
import { gates, type GateRound, type Hold } from './gates/gates.exports';
import { type Chosen, chooseAgent } from './matching/choose-agent';
import type { DemandClass } from './matching';
import { goesFirst, roleGoesFirst, type Strand } from './order/strand';
import { Trial } from './order/trial';
import { taskEvent } from './scheduler.facts';
import type { AgentState, TaskState } from './scheduler.state';
import { roomIn, says, type Settlement } from './settlement';

/**
 * Gives ready tasks to free agents that fit. Each time it takes what goes first in its role (see `goesFirst`) and of these what goes
 * first of all roles (see `roleGoesFirst`), asks the gates, and gives it to the agent that suits best. It tries this out on the queues
 * themselves, as if each assignment had been evolved, and takes everything back at the end: `evolve` alone changes the state.
 *
 * An assignment costs O(log n) in tasks, agents and keys, and is linear only in the roles that have work, in the role's waiting classes
 * and in the profiles that fit and have a free agent. What a gate holds is asked about once, until the hold is woken.
 */
export function planAssignments(settlement: Settlement): void {
  const { matching } = settlement.state;
  matching.passTo(settlement.nowMs);
  if (matching.workable.size === 0) return;
  const plan = new RoundOfAssignments(settlement);
  plan.fill([...matching.workable].map(({ waiting }) => newQueue(waiting)));
  plan.takeBack();
}

/** What may go of one role. */
interface RoleQueue {
  /** Those with a free agent. */
  readonly classes: Set<DemandClass>;
  first: Strand | undefined;
}

class RoundOfAssignments {
  private readonly rounds: readonly GateRound[];
  private readonly trial: Trial;
  private readonly loaded = new Set<AgentState>();
  /** Agents by the task that they are given. */
  private readonly given = new Map<string, string>();

  constructor(private readonly settlement: Settlement) {
    const { state, nowMs } = settlement;
    this.rounds = gates().map((gate) => gate.round(state, nowMs));
    this.trial = new Trial(state);
  }

  fill(queues: readonly RoleQueue[]): void {
    while (roomIn(this.settlement) > 0) {
      const queue = firstQueue(queues);
      if (!queue?.first) return;
      this.tryOut(queue.first);
      if (!hasFreeAgent(queue.first.demand)) queue.classes.delete(queue.first.demand); // Nobody gets free while settling: the class waits.
      queue.first = firstOf(queue.classes);
    }
  }

  takeBack(): void {
    for (const agent of this.loaded) {
      agent.planned = 0;
      this.settlement.state.matching.reload(agent);
    }
    this.trial.takeBack();
  }

  private tryOut(strand: Strand): void {
    const { state, nowMs } = this.settlement;
    const task = strand.head;
    const hold = firstHold(this.rounds, task);
    if (hold) return this.park(strand, hold);
    const chosen = chooseAgent({ state, nowMs, rounds: this.rounds, planned: this.given }, task, strand.demand);
    if (chosen.agent) this.assign(strand, task, chosen);
    else this.setAside(strand, chosen.holds);
  }

  /**
   * As long as the plan has given nothing away, what the gates say is true of the state, and stays so until they wake the key.
   * Afterwards it is true of the plan, and the next one will see.
   */
  private park(strand: Strand, hold: Hold): void {
    if (this.given.size === 0) this.settlement.state.matching.order.park(strand, hold);
    else if (hold.forAll) this.trial.sleep(strand, hold.key);
    else this.trial.lift(strand);
  }

  private setAside(strand: Strand, holds: readonly Hold[]): void {
    if (this.given.size === 0) this.settlement.state.matching.order.stick(strand, holds);
    else this.trial.lift(strand);
  }

  private assign(strand: Strand, task: TaskState, { agent, choice }: Chosen): void {
    const { settlement } = this;
    says(settlement, task, assignedTo(agent, choice, task, settlement));
    for (const round of this.rounds) round.take(task, agent);
    this.given.set(task.spec.taskId, agent.id);
    this.trial.remove(task, strand);
    this.trial.charge(strand);
    agent.planned++;
    this.loaded.add(agent);
    settlement.state.matching.reload(agent);
  }
}

function firstHold(rounds: readonly GateRound[], task: TaskState): Hold | undefined {
  for (const round of rounds) {
    const hold = round.hold(task);
    if (hold) return hold;
  }
  return undefined;
}

function assignedTo(agent: AgentState, choice: AgentChoice | undefined, task: TaskState, { state, nowMs, newId }: Settlement) {
  return taskEvent('task.assigned', {
    taskId: task.spec.taskId,
    attempt: task.attempt + 1,
    assignment: newId(),
    agentId: agent.id,
    leaseUntilMs: nowMs + state.limits.startGraceMs,
    assignedAtMs: nowMs,
    choice,
  });
}

function newQueue(waiting: Iterable<DemandClass>): RoleQueue {
  const classes = new Set([...waiting].filter(hasFreeAgent));
  return { classes, first: firstOf(classes) };
}

function firstQueue(queues: readonly RoleQueue[]): RoleQueue | undefined {
  let found: RoleQueue | undefined;
  for (const queue of queues) {
    if (queue.first && (!found?.first || roleGoesFirst(queue.first, found.first))) found = queue;
  }
  return found;
}

function firstOf(classes: ReadonlySet<DemandClass>): Strand | undefined {
  let first: Strand | undefined;
  for (const { queue } of classes) {
    const strand = queue.peek();
    if (strand && (!first || goesFirst(strand, first))) first = strand;
  }
  return first;
}

function hasFreeAgent({ profiles }: DemandClass): boolean {
  for (const { free } of profiles) if (free.size > 0) return true;
  return false;
}
