import type { AgentRegistered, TaskSpec } from '@torch/contracts';
import type { AnyEvent } from '@torch/kernel';
import { type Account, endsTask, type SeenEvent } from './account';

export interface ToldTask {
  readonly project: string;
  readonly runId: string;
  readonly spec: TaskSpec;
  readonly fairnessKey: string;
  priority: number;
  ended: string | undefined;
  /** Also when it was taken up again since. */
  hasEndedOnce: boolean;
  attempts: number;
  live: { readonly attempt: number; readonly agentId: string; readonly sinceMs: number } | undefined;
}

export interface ToldAgent extends Pick<AgentRegistered, 'agentId' | 'role' | 'skills' | 'capacity' | 'labels'> {
  readonly project: string;
}

/** What the log says, told again by the simplest means: no index, no queue. */
export class Retelling {
  readonly tasks = new Map<string, ToldTask>();
  readonly agents = new Map<string, ToldAgent>();

  task({ project, data }: AnyEvent): ToldTask | undefined {
    return this.tasks.get(`${project}/${(data as { taskId: string }).taskId}`);
  }

  agent({ project, data }: AnyEvent): ToldAgent | undefined {
    return this.agents.get(`${project}/${(data as { agentId: string }).agentId}`);
  }

  /** Tasks with a live attempt. */
  inFlight(project: string): ToldTask[] {
    return [...this.tasks.values()].filter((task) => task.project === project && task.live !== undefined);
  }

  take(event: AnyEvent): void {
    const { type, project, actor, data } = event;
    if (type === 'task.submitted') {
      const { spec, runId } = data as { spec: TaskSpec; runId: string };
      const told = { project, runId, spec, fairnessKey: spec.fairnessKey ?? actor, priority: spec.priority };
      this.tasks.set(`${project}/${spec.taskId}`, { ...told, ended: undefined, hasEndedOnce: false, attempts: 0, live: undefined });
    } else if (type === 'agent.registered')
      this.agents.set(`${project}/${(data as ToldAgent).agentId}`, { ...(data as ToldAgent), project });
    else if (type === 'agent.updated') Object.assign(this.agent(event) ?? {}, data);
    else this.takeTask(event);
  }

  private takeTask(event: AnyEvent): void {
    const task = this.task(event);
    if (!task) return;
    const { attempt, agentId, priority, assignedAtMs } = event.data as {
      attempt: number;
      agentId: string;
      priority: number;
      assignedAtMs: number;
    };
    if (event.type === 'task.assigned') {
      task.live = { attempt, agentId, sinceMs: assignedAtMs };
      task.attempts = attempt;
    } else if (event.type === 'task.attempt-failed') task.live = undefined;
    else if (event.type === 'task.requeued') task.ended = undefined;
    else if (event.type === 'task.priority-changed') task.priority = priority;
    else if (endsTask(event)) {
      task.live = undefined;
      task.ended = event.type;
      task.hasEndedOnce = true;
    }
  }
}

/**
 * The events in the order in which a service took them in: others' events when its next commit says so. What it knew when it
 * decided is what came before.
 */
export function asTakenInBy(service: string, { events, partitions }: Account): readonly SeenEvent[] {
  const order: SeenEvent[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    let held: SeenEvent[] = [];
    for (const seen of events) {
      if (seen.commit.partition !== partition) continue;
      if (seen.commit.service !== service) {
        held.push(seen);
        continue;
      }
      const { seq } = seen.commit.consumed;
      order.push(...held.filter(({ commit }) => commit.position.seq <= seq), seen);
      held = held.filter(({ commit }) => commit.position.seq > seq);
    }
  }
  return order;
}

/** Calls `each` before every event is taken in, with everything before it told. */
export function retell(account: Account, each: (past: Retelling, seen: SeenEvent) => void): void {
  const past = new Retelling();
  for (const seen of asTakenInBy('scheduler', account)) {
    each(past, seen);
    past.take(seen.event);
  }
}
