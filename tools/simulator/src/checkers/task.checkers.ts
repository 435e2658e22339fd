import type { RunEnded } from '@torch/contracts';
import type { AnyEvent } from '@torch/kernel';
import { type Account, Violation } from './account';
import { retell, type ToldAgent, type ToldTask } from './retelling';

/** A task has one live attempt at most, and each has the next number. */
export function noTaskRunsUnderTwoAttempts(account: Account): void {
  retell(account, (past, seen) => {
    if (seen.event.type !== 'task.assigned') return;
    const task = past.task(seen.event);
    const { attempt } = seen.event.data as { attempt: number };
    if (!task) throw new Violation('A task was assigned that was never submitted.', seen);
    if (task.live) throw new Violation(`The task has a live attempt of ${task.live.agentId} already.`, seen);
    if (attempt !== task.attempts + 1) throw new Violation(`The attempt before was ${task.attempts}.`, seen);
  });
}

const OF_AN_ATTEMPT = new Set(['task.started', 'task.progressed', 'task.completed', 'task.attempt-failed']);

/** What becomes of a task follows from its live attempt alone: whatever agents report of others is recorded, never applied. */
export function onlyTheLiveAttemptIsApplied(account: Account): void {
  retell(account, (past, seen) => {
    if (!OF_AN_ATTEMPT.has(seen.event.type)) return;
    const { attempt, agentId } = seen.event.data as { attempt: number; agentId: string };
    const live = past.task(seen.event)?.live;
    if (live?.attempt !== attempt || live.agentId !== agentId)
      throw new Violation(`The live attempt is ${live ? `${live.attempt} of ${live.agentId}` : 'none'}.`, seen);
  });
}

/** What has ended stays as it is, until somebody asks for a retry. */
export function nothingLeavesATerminalStateWithoutARetry(account: Account): void {
  retell(account, (past, seen) => {
    const { type, data } = seen.event;
    if (!type.startsWith('task.') || type === 'task.submitted' || type === 'task.result-ignored') return;
    const ended = past.task(seen.event)?.ended;
    if (ended === undefined) return;
    const isRetry = type === 'task.requeued' && (data as { reason: string }).reason === 'retry-asked' && ended !== 'task.completed';
    if (!isRetry) throw new Violation(`The task has ended with ${ended}.`, seen);
  });
}

/** An agent gets what it can do: its role, every required skill at its level, every label. */
export function noAssignmentWithoutRequiredSkill(account: Account): void {
  retell(account, (past, seen) => {
    if (seen.event.type !== 'task.assigned') return;
    const task = past.task(seen.event) as ToldTask;
    const agent = past.agent(seen.event);
    if (!agent) throw new Violation('The agent never registered.', seen);
    const lacking = lacks(agent, task);
    if (lacking !== undefined) throw new Violation(`The agent lacks ${lacking}.`, seen);
  });
}

function lacks(agent: ToldAgent, { spec }: ToldTask): string | undefined {
  if (agent.role !== spec.role) return `the role ${spec.role}`;
  const levels = new Map(agent.skills.map(levelOf));
  const skill = spec.skills.find((wanted) => {
    const [name, level] = levelOf(wanted);
    return (levels.get(name) ?? 0) < level;
  });
  if (skill !== undefined) return `the skill ${skill}`;
  const label = Object.entries(spec.labels ?? {}).find(([name, value]) => agent.labels?.[name] !== value);
  return label && `the label ${label.join('=')}`;
}

function levelOf(skill: string): readonly [name: string, level: number] {
  const [name = '', level = '1'] = skill.split(':');
  return [name, Number(level)];
}

/** An agent has no more live attempts than it can take. */
export function noAgentIsAboveItsCapacity(account: Account): void {
  retell(account, (past, seen) => {
    if (seen.event.type !== 'task.assigned') return;
    const { agentId } = seen.event.data as { agentId: string };
    const running = past.inFlight(seen.event.project).filter(({ live }) => live?.agentId === agentId).length;
    const capacity = past.agent(seen.event)?.capacity ?? 0;
    if (running >= capacity) throw new Violation(`The agent takes ${capacity} at a time and has ${running}.`, seen);
  });
}

/** A task starts when what it depends on has completed. */
export function dependenciesEndFirst(account: Account): void {
  retell(account, (past, seen) => {
    if (seen.event.type !== 'task.assigned') return;
    const task = past.task(seen.event) as ToldTask;
    const endOf = (id: string): string | undefined => past.tasks.get(`${task.project}/${id}`)?.ended;
    const missing = task.spec.dependsOn.find((id) => endOf(id) !== 'task.completed');
    if (missing !== undefined && task.spec.onDependencyFailure !== 'continue')
      throw new Violation(`${missing}, which it depends on, has not completed.`, seen);
    const waitsFor = [...task.spec.dependsOn, ...(task.spec.after ?? []).map(({ taskId }) => taskId)];
    const open = waitsFor.find((id) => past.tasks.get(`${task.project}/${id}`)?.hasEndedOnce !== true);
    if (open !== undefined) throw new Violation(`${open}, which it waits for, has not ended.`, seen);
  });
}

/** A run ends once, when all of its tasks have, and says truly how they did. */
export function aRunEndsWithItsTasks(account: Account): void {
  retell(account, (past, seen) => {
    if (seen.event.type !== 'run.ended') return;
    const { runId, completed, failed, cancelled, deadLettered, skipped = 0 } = seen.event.data as RunEnded;
    const ends = [...past.tasks.values()]
      .filter((task) => task.project === seen.event.project && task.runId === runId)
      .map(({ ended }) => ended);
    const of = (end: string | undefined): number => ends.filter((found) => found === end).length;
    const found = [
      of('task.completed'),
      of('task.failed'),
      of('task.cancelled'),
      of('task.dead-lettered'),
      of('task.skipped'),
      of(undefined),
    ];
    const told = [completed, failed, cancelled, deadLettered, skipped, 0];
    if (found.join() !== told.join()) throw new Violation(`The tasks ended as ${found.join()} and the run says ${told.join()}.`, seen);
  });
}

/** After the trouble, with agents that do what they should, every task that was accepted ends. */
export function everyAcceptedTaskEnds(account: Account): void {
  const [open] = account.openTasks();
  if (open) throw new Violation(`${account.openTasks().length} tasks have not ended. The first:`, open);
  const ended = new Set<string>();
  for (const { event } of account.events) if (event.type === 'run.ended') ended.add(runOf(event));
  const run = account.events.find(({ event }) => event.type === 'run.submitted' && !ended.has(runOf(event)));
  if (run) throw new Violation('All tasks of the run have ended, and the run has not.', run);
}

const runOf = ({ project, data }: AnyEvent): string => `${project}/${(data as { runId: string }).runId}`;
