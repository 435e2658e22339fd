import type { AgentRegistered, EdgeCondition, RunEnded, TaskSpec } from '@torch/contracts';
import type { AnyEvent } from '@torch/kernel';

interface Seen {
  readonly spec: TaskSpec;
  readonly runId: string;
  status: 'open' | 'completed' | 'failed' | 'dead-lettered' | 'cancelled' | 'skipped';
  /** However it has ended so far: an edge that was satisfied once stays so. */
  readonly endings: Set<Seen['status']>;
  attempts: number;
  /** Since the last retry that was asked for: failed ones that were neither stopped nor rate-limited. */
  spent: number;
  live?: { attempt: number; agentId: string };
}

const ENDINGS = new Set(['task.completed', 'task.failed', 'task.dead-lettered', 'task.cancelled', 'task.skipped']);

interface SeenAgent extends AgentRegistered {
  presence: 'live' | 'suspected' | 'away';
}

/** What the log alone says, told again by the simplest means: no index, no queue. Deliberately slow and plain. */
class Retelling {
  readonly tasks = new Map<string, Seen>();
  readonly agents = new Map<string, SeenAgent>();
  readonly runsOpen = new Map<string, boolean>();
  isStopped = false;

  take({ type, data }: AnyEvent): void {
    const { taskId, runId, agentId, attempt, reason } = data as Record<'taskId' | 'runId' | 'agentId' | 'reason', string> & {
      attempt: number;
    };
    const task = this.tasks.get(taskId);
    if (type === 'task.submitted') {
      const { spec } = data as { spec: TaskSpec };
      this.tasks.set(spec.taskId, { spec, runId, status: 'open', endings: new Set(), attempts: 0, spent: 0 });
    } else if (type === 'run.submitted') this.runsOpen.set(runId, true);
    else if (type === 'run.ended') this.runsOpen.set(runId, false);
    else if (type === 'agent.registered') this.agents.set(agentId, { ...(data as AgentRegistered), presence: 'live' });
    else if (type === 'work.stopped' || type === 'work.resumed') this.isStopped = type === 'work.stopped';
    else if (type.startsWith('agent.')) this.takePresence(type, agentId);
    else if (task) this.takeTask(task, type, { attempt, agentId, reason });
  }

  private takePresence(type: string, agentId: string): void {
    const agent = this.agents.get(agentId);
    if (!agent) return;
    if (type === 'agent.deregistered') this.agents.delete(agentId);
    else if (type === 'agent.lost') agent.presence = 'away';
    else if (type === 'agent.recovered') agent.presence = 'live';
    else if (agent.presence === 'live') agent.presence = 'suspected';
  }

  private takeTask(task: Seen, type: string, { reason, ...live }: { attempt: number; agentId: string; reason?: string }): void {
    if (type === 'task.assigned') {
      task.live = live;
      task.attempts = live.attempt;
    }
    if (type === 'task.attempt-failed') {
      task.live = undefined;
      if (reason !== 'stopped' && reason !== 'rate-limited') task.spent++;
    }
    if (ENDINGS.has(type)) {
      task.live = undefined;
      task.status = type.slice('task.'.length) as Seen['status'];
      task.endings.add(task.status);
    }
    if (type === 'task.requeued') {
      if (task.status !== 'open') {
        this.runsOpen.set(task.runId, true);
        task.spent = 0;
      }
      task.status = 'open';
    }
  }

  load(agentId: string): number {
    return [...this.tasks.values()].filter(({ live }) => live?.agentId === agentId).length;
  }
}

type Check = (past: Retelling, event: AnyEvent) => boolean;

function check(log: readonly AnyEvent[], holds: Check): void {
  const past = new Retelling();
  log.forEach((event, i) => {
    if (!holds(past, event)) throw new Error(`Event ${i} breaks the guarantee: ${JSON.stringify(event)}`);
    past.take(event);
  });
}

function edges({ dependsOn, after = [] }: TaskSpec): [id: string, on: EdgeCondition][] {
  return [
    ...dependsOn.map((id): [string, EdgeCondition] => [id, 'success']),
    ...after.map((edge): [string, EdgeCondition] => [edge.taskId, edge.on]),
  ];
}

/** What an edge waits for, in one table. A task that was forgotten counts as all of it. */
const WAITED_FOR: Record<EdgeCondition, readonly Seen['status'][]> = {
  success: ['completed'],
  failure: ['failed', 'dead-lettered'],
  completion: ['completed', 'failed', 'dead-lettered', 'cancelled', 'skipped'],
};

const endedOtherwise = (status: Seen['status'] | undefined, on: EdgeCondition): boolean =>
  status !== undefined && status !== 'open' && !WAITED_FOR[on].includes(status);

function dependenciesAllow(past: Retelling, spec: TaskSpec): boolean {
  const goesOn = spec.onDependencyFailure === 'continue';
  return edges(spec).every(([id, on]) => WAITED_FOR[goesOn ? 'completion' : on].some((status) => past.tasks.get(id)?.endings.has(status)));
}

const taskOf = (past: Retelling, event: AnyEvent): Seen => past.tasks.get((event.data as { taskId: string }).taskId) as Seen;
const ofAttempt = new Set(['task.started', 'task.progressed', 'task.completed', 'task.attempt-failed']);

/** Each throws at the first event of a log that breaks its guarantee. */
export const SAFETY: Record<string, (log: readonly AnyEvent[]) => void> = {
  noTaskHasTwoLiveAttempts: (log) =>
    check(log, (past, event) => {
      if (event.type !== 'task.assigned') return true;
      const { live, attempts } = taskOf(past, event);
      return live === undefined && (event.data as { attempt: number }).attempt === attempts + 1;
    }),
  workGoesToLiveAgentsThatFit: (log) =>
    check(log, (past, event) => {
      if (event.type !== 'task.assigned') return true;
      const { spec } = taskOf(past, event);
      const agent = past.agents.get((event.data as { agentId: string }).agentId);
      return agent?.presence === 'live' && agent.role === spec.role && spec.skills.every((skill) => agent.skills.includes(skill));
    }),
  noAgentIsAboveItsCapacity: (log) =>
    check(log, (past, event) => {
      if (event.type !== 'task.assigned') return true;
      const { agentId } = event.data as { agentId: string };
      return past.load(agentId) < (past.agents.get(agentId)?.capacity ?? 0);
    }),
  firstAttemptsFollowTheirDependencies: (log) =>
    check(log, (past, event) => {
      if (event.type !== 'task.assigned') return true;
      const { spec, attempts } = taskOf(past, event);
      return attempts > 0 || dependenciesAllow(past, spec);
    }),
  onlyTasksThatCannotStartAreSkipped: (log) =>
    check(log, (past, event) => {
      if (event.type !== 'task.skipped') return true;
      const { spec } = taskOf(past, event);
      const policy = spec.onDependencyFailure ?? 'skip';
      return policy === 'skip' && edges(spec).some(([id, on]) => endedOtherwise(past.tasks.get(id)?.status, on));
    }),
  noAttemptBeginsBeforeItsTime: (log) =>
    check(log, (past, event) => {
      if (event.type !== 'task.assigned') return true;
      const { assignedAtMs } = event.data as { assignedAtMs: number };
      return assignedAtMs >= (taskOf(past, event).spec.notBeforeMs ?? 0);
    }),
  noAttemptBeginsWhileWorkIsStopped: (log) => check(log, (past, event) => event.type !== 'task.assigned' || !past.isStopped),
  noMoreAttemptsAreSpentThanAllowed: (log) =>
    check(log, (past, event) => event.type !== 'task.assigned' || taskOf(past, event).spent <= taskOf(past, event).spec.retries),
  onlyARetryLeavesATerminalState: (log) =>
    check(log, (past, event) => {
      if (!event.type.startsWith('task.') || event.type === 'task.submitted' || event.type === 'task.result-ignored') return true;
      const { reason } = event.data as { reason?: string };
      return taskOf(past, event).status === 'open' || (event.type === 'task.requeued' && reason === 'retry-asked');
    }),
  onlyTheLiveAttemptIsApplied: (log) =>
    check(log, (past, event) => {
      if (!ofAttempt.has(event.type)) return true;
      const { attempt, agentId } = event.data as { attempt: number; agentId: string };
      const { live } = taskOf(past, event);
      return live?.attempt === attempt && live.agentId === agentId;
    }),
  aRunEndsOnceAllItsTasksHave: (log) =>
    check(log, (past, event) => {
      if (event.type !== 'run.ended') return true;
      const { runId, completed, failed, cancelled, deadLettered, skipped = 0 } = event.data as RunEnded;
      const statuses = [...past.tasks.values()].filter((task) => task.runId === runId).map(({ status }) => status);
      const of = (wanted: string): number => statuses.filter((status) => status === wanted).length;
      const counts = [of('completed'), of('failed'), of('cancelled'), of('dead-lettered'), of('skipped'), of('open')];
      return past.runsOpen.get(runId) === true && counts.join() === [completed, failed, cancelled, deadLettered, skipped, 0].join();
    }),
};
