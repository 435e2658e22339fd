import type { Candidate, TaskExplained, Waiting } from '@torch/contracts';
import { cutToBytes } from '@torch/kernel';
import { edgesOf, satisfies } from './dependencies';
import { type Asked, candidatesFor } from './explain-agents';
import { gates } from './gates/gates.exports';
import { fits, skillLevels } from './matching/skills';
import { levelAt } from './order/ageing';
import { countAhead } from './order/trial';
import { hasEnded, isEnd, isLive, type SchedulerState, type TaskState } from './scheduler.state';

/** Tasks that are counted as ahead of one, at most. */
export const AHEAD_MAX = 1000;
const WAITING_MAX = 1100;
const SUMMARY_BYTES_MAX = 4000;

/**
 * What the task waits for, all of it, or why its agent has it. From the state alone: what a gate says here is what it says to the plan.
 *
 * Undefined when there is no such task: never submitted, or forgotten after its run had ended.
 */
export function explainTask(state: SchedulerState, taskId: string, nowMs: number): TaskExplained | undefined {
  const task = state.tasks.get(taskId);
  if (!task) return undefined;
  const { status, priority, choice, agentId } = task;
  if (isLive(task) || hasEnded(task)) {
    const chosen = choice && agentId !== undefined ? [{ agentId, score: choice.score }, ...choice.next] : [];
    const candidates = chosen.map((one): Candidate => ({ ...one, fits: true, misfits: [] }));
    const base = { taskId, status, waiting: [], priority, candidates, summary: cutToBytes(outcomeOf(task), SUMMARY_BYTES_MAX) };
    return agentId === undefined ? base : { ...base, agentId };
  }
  const asked = { state, task, nowMs, rounds: gates().map((gate) => gate.round(state, nowMs)) };
  const waiting = waitingOf(asked).slice(0, WAITING_MAX);
  const summary = cutToBytes([`Task ${taskId} is ${status}.`, ...waiting.map(({ message }) => message)].join(' '), SUMMARY_BYTES_MAX);
  const explained = { taskId, status, waiting, priority, candidates: candidatesFor(asked), summary };
  if (status !== 'ready') return explained;
  const isHeld = asked.rounds.some((round) => round.hold(task));
  const ahead = isHeld ? undefined : countAhead(state, task, AHEAD_MAX);
  const aged = { ...explained, effectivePriority: effectivePriority(state, task, nowMs) };
  return ahead === undefined ? aged : { ...aged, ahead };
}

function outcomeOf(task: TaskState): string {
  const { spec, status, attempt, agentId, choice, reason } = task;
  const why =
    choice === undefined
      ? 'nobody else was free'
      : `with a score of ${choice.score} it was the best of ${choice.considered} free agents that fit`;
  const by = agentId === undefined ? '' : ` Attempt ${attempt} went to agent ${agentId}: ${why}.`;
  return `Task ${spec.taskId} is ${status}.${by}${reason === undefined || isLive(task) ? '' : ` ${reason}`}`;
}

/** What has waited longest beside it ages it as well. */
function effectivePriority({ limits }: SchedulerState, { strand, priority, readyAtMs = Infinity }: TaskState, nowMs: number): number {
  return levelAt(priority, strand?.readySinceMs() ?? readyAtMs, { nowMs, ageStepMs: limits.ageStepMs });
}

function waitingOf(asked: Asked): Waiting[] {
  const { task, state } = asked;
  const { spec, status, dueAtMs } = task;
  switch (status) {
    case 'blocked':
      return edgesOf(spec).flatMap((edge) => dependencyOf(state, edge));
    case 'delayed': {
      const untilMs = spec.notBeforeMs ?? 0;
      return [{ reason: 'not-before', message: `It is not to start before ${untilMs}.`, untilMs }];
    }
    case 'awaiting-approval':
      return [{ reason: 'approval', message: 'Somebody has to agree before it starts.' }];
    case 'backing-off':
      return [
        {
          reason: 'backoff',
          message: `It is tried again at ${dueAtMs}, after: ${cutToBytes(task.reason ?? '', 1000)}`,
          ...(dueAtMs < Infinity && { untilMs: dueAtMs }),
        },
      ];
    default:
      return status === 'ready' ? waitingOfReady(asked) : [];
  }
}

function dependencyOf({ tasks }: SchedulerState, { taskId, on }: ReturnType<typeof edgesOf>[number]): Waiting[] {
  const dependency = tasks.get(taskId);
  if (!dependency || (isEnd(dependency.status) && satisfies(dependency.status, on))) return [];
  const what = on === 'success' ? 'to complete' : on === 'failure' ? 'to fail' : 'to end';
  return [{ reason: 'dependency', what: taskId, message: `It waits for ${taskId} ${what}, which is ${dependency.status}.` }];
}

function waitingOfReady(asked: Asked): Waiting[] {
  const { task, rounds } = asked;
  const held = rounds.flatMap((round) => round.hold(task) ?? []);
  const holds = held.map(({ reason, key, message, untilMs }): Waiting => {
    const waiting = { reason, what: cutToBytes(key, 600), message: cutToBytes(message, 2000) };
    return untilMs === undefined ? waiting : { ...waiting, untilMs };
  });
  const agents = waitingForAgent(asked);
  if (agents) holds.push(agents);
  if (holds.length > 0) return holds;
  return [{ reason: 'queue', message: 'An agent is free: it is assigned as soon as what goes before it has been.' }];
}

function waitingForAgent(asked: Asked): Waiting | undefined {
  const { task, state } = asked;
  const { role, skills, labels } = task.spec;
  const needs = { levels: skillLevels(skills), labels };
  const fitting = [...(state.matching.roles.get(role)?.profiles.values() ?? [])].filter((profile) => fits(profile, needs));
  const what = [role, ...skills, ...Object.entries(labels ?? {}).map(([name, text]) => `${name}=${text}`)].join(' ');
  if (fitting.length === 0)
    return { reason: 'no-agent', what: cutToBytes(what, 600), message: `No agent that is there is ${cutToBytes(what, 1000)}.` };
  let members = 0;
  for (const profile of fitting) members += profile.members;
  if (candidatesFor(asked).some((candidate) => candidate.fits)) return undefined;
  const message = `${members} ${members === 1 ? 'agent fits and is' : 'agents fit and are'} not free for it: see the candidates.`;
  return { reason: 'agents-busy', message };
}
