import type { AgentRegistered, RunEnded, TaskSpec } from '@torch/contracts';
import type { AnyEvent } from '@torch/kernel';

interface Seen {
  readonly spec: TaskSpec;
  readonly runId: string;
  status: 'open' | 'completed' | 'failed' | 'dead-lettered' | 'cancelled';
  attempts: number;
  live?: { attempt: number; agentId: string };
}

interface SeenAgent extends AgentRegistered {
  presence: 'live' | 'suspected' | 'away';
}

/** What the log alone says, told again by the simplest means: no index, no queue. Deliberately slow and plain. */
class Retelling {
  readonly tasks = new Map<string, Seen>();
  readonly agents = new Map<string, SeenAgent>();
  readonly runsOpen = new Map<string, boolean>();

  take({ type, data }: AnyEvent): void {
    const { taskId, runId, agentId, attempt } = data as { taskId: string; runId: string; agentId: string; attempt: number };
    const task = this.tasks.get(taskId);
    if (type === 'task.submitted') {
      const { spec } = data as { spec: TaskSpec };
      this.tasks.set(spec.taskId, { spec, runId, status: 'open', attempts: 0 });
    } else if (type === 'run.submitted') this.runsOpen.set(runId, true);
    else if (type === 'run.ended') this.runsOpen.set(runId, false);
    else if (type === 'agent.registered') this.agents.set(agentId, { ...(data as AgentRegistered), presence: 'live' });
    else if (type.startsWith('agent.')) this.takePresence(type, agentId);
    else if (task) this.takeTask(task, type, { attempt, agentId });
  }

  private takePresence(type: string, agentId: string): void {
    const agent = this.agents.get(agentId);
    if (!agent) return;
    if (type === 'agent.deregistered') this.agents.delete(agentId);
    else if (type === 'agent.lost') agent.presence = 'away';
    else if (type === 'agent.recovered') agent.presence = 'live';
    else if (agent.presence === 'live') agent.presence = 'suspected';
  }

  private takeTask(task: Seen, type: string, live: { attempt: number; agentId: string }): void {
    if (type === 'task.assigned') {
      task.live = live;
      task.attempts = live.attempt;
    }
    if (type === 'task.attempt-failed') task.live = undefined;
    if (type === 'task.completed' || type === 'task.failed' || type === 'task.dead-lettered' || type === 'task.cancelled') {
      task.live = undefined;
      task.status = type.slice('task.'.length) as Seen['status'];
    }
    if (type === 'task.requeued') {
      if (task.status !== 'open') this.runsOpen.set(task.runId, true);
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
  dependenciesCompleteFirst: (log) =>
    check(
      log,
      (past, event) =>
        event.type !== 'task.assigned' || taskOf(past, event).spec.dependsOn.every((id) => past.tasks.get(id)?.status === 'completed'),
    ),
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
      const { runId, completed, failed, cancelled, deadLettered } = event.data as RunEnded;
      const statuses = [...past.tasks.values()].filter((task) => task.runId === runId).map(({ status }) => status);
      const of = (wanted: string): number => statuses.filter((status) => status === wanted).length;
      const counts = [of('completed'), of('failed'), of('cancelled'), of('dead-lettered'), of('open')];
      return past.runsOpen.get(runId) === true && counts.join() === [completed, failed, cancelled, deadLettered, 0].join();
    }),
};
