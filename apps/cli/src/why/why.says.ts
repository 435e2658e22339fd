import type {
  AgentExited,
  AgentLost,
  AgentRegistered,
  AgentSpawned,
  AgentSpawnRequested,
  ApprovalAnswered,
  ApprovalRequested,
  BudgetExhausted,
  ClaimGranted,
  ClaimRefused,
  ConflictOpened,
  ConflictResolved,
  ContextConflicted,
  ContextUpdated,
  DemandChanged,
  MessageSent,
  PoolDefined,
  RunEnded,
  RunSubmitted,
  TaskAssigned,
  TaskAttemptFailed,
  TaskCompleted,
  TaskRetryScheduled,
  TaskStarted,
  TaskSubmitted,
} from '@torch/contracts';
import type { AnyEvent } from '@torch/kernel';
import { duration, shortened } from '../text/format';

const CHARS_MAX = 240;
const iso = (atMs: number): string => new Date(atMs).toISOString();
const skillsText = (skills: readonly string[]): string => (skills.length === 0 ? '' : ` with ${skills.join(', ')}`);

/** By type of event, what it says that its type does not. */
const SAYS: Readonly<Record<string, (data: never) => string>> = {
  'run.submitted': ({ name, tasks }: RunSubmitted) => `${name === undefined ? '' : `"${name}", `}${tasks} tasks`,
  'run.ended': ({ status, completed, failed, cancelled, deadLettered, skipped }: RunEnded) =>
    `${status}: ${completed} completed, ${failed} failed, ${deadLettered} given up, ${cancelled} cancelled${skipped ? `, ${skipped} skipped` : ''}`,
  'task.submitted': ({ runId, spec }: TaskSubmitted) =>
    `in run ${runId}, for role ${spec.role}${skillsText(spec.skills)}, ${spec.retries + 1} attempts` +
    (spec.dependsOn.length === 0 ? '' : `, after ${spec.dependsOn.join(', ')}`),
  'task.assigned': ({ attempt, agentId, leaseUntilMs }: TaskAssigned) =>
    `attempt ${attempt} to ${agentId}, which must start by ${iso(leaseUntilMs)}`,
  'task.started': ({ attempt, agentId, leaseUntilMs }: TaskStarted) =>
    `attempt ${attempt} by ${agentId}, whose result must come by ${iso(leaseUntilMs)}`,
  'task.completed': ({ attempt, agentId, durationMs }: TaskCompleted) => `attempt ${attempt} by ${agentId}, after ${duration(durationMs)}`,
  'task.attempt-failed': ({ attempt, agentId, reason, message }: TaskAttemptFailed) =>
    `attempt ${attempt} of ${agentId}, ${reason}: ${message}`,
  'task.retry-scheduled': ({ attempt, retryAtMs }: TaskRetryScheduled) => `after attempt ${attempt}, at ${iso(retryAtMs)}`,
  'approval.requested': ({ taskId, question }: ApprovalRequested) => `for task ${taskId}: ${question}`,
  'approval.answered': ({ taskId, option, timedOut }: ApprovalAnswered) =>
    `for task ${taskId}: ${option}${timedOut ? ', since nobody answered in time' : ''}`,
  'claim.granted': ({ agentId, paths }: ClaimGranted) => `to ${agentId}: ${paths.map(({ path }) => path).join(', ')}`,
  'claim.refused': ({ agentId, path, heldBy }: ClaimRefused) => `to ${agentId}: ${path}, since ${heldBy.agentId} holds ${heldBy.path}`,
  'budget.exhausted': ({ scope, name, taskId }: BudgetExhausted) =>
    `that of the ${scope}${name === undefined ? '' : ` ${name}`}, by task ${taskId}`,
  'context.updated': ({ key, version }: ContextUpdated) => `${key}, version ${version}`,
  'context.conflicted': ({ key, base, newest, newestBy }: ContextConflicted) =>
    `${key}: written on version ${base}, when version ${newest} of ${newestBy} was there`,
  'conflict.opened': ({ about, parties }: ConflictOpened) => `about ${about}, between ${parties.map(({ actor }) => actor).join(' and ')}`,
  'conflict.resolved': ({ resolution }: ConflictResolved) => resolution,
  'agent.registered': ({ agentId, role, skills, capacity }: AgentRegistered) =>
    `${agentId} as ${role}${skillsText(skills)}, ${capacity} tasks at a time`,
  'agent.lost': ({ agentId, reason, lastSeenAtMs }: AgentLost) => `${agentId}: ${reason} Last seen at ${iso(lastSeenAtMs)}`,
  'agent.spawn-requested': ({ agentId, poolId, reason }: AgentSpawnRequested) => `${agentId} in pool ${poolId}: ${reason}`,
  'agent.spawned': ({ agentId, node, pid }: AgentSpawned) => `${agentId} on node ${node}, pid ${pid}`,
  'agent.exited': ({ agentId, reason, exitCode, crashed }: AgentExited) =>
    `${agentId}${crashed ? ' crashed' : ''}: ${reason}${exitCode === undefined ? '' : ` (exit code ${exitCode})`}`,
  'demand.changed': ({ role, skills, waiting, fittingAgents }: DemandChanged) =>
    `${waiting} tasks wait for role ${role}${skillsText(skills)}, which ${fittingAgents} agents fit`,
  'pool.defined': ({ pool }: PoolDefined) =>
    `${pool.poolId}: ${pool.min} to ${pool.max} agents for role ${pool.role}${skillsText(pool.skills)}`,
  'message.sent': ({ from, to, text }: MessageSent) => `from ${from} to ${to}: ${text}`,
};

/** An event as a clause for people. Of a type without words of its own, its reason. */
export function saysOf({ type, data }: AnyEvent): string {
  const say = SAYS[type];
  const { reason, recipient } = data as { reason?: string; recipient?: string };
  return shortened(say ? say(data as never) : [recipient && `to ${recipient}`, reason].filter(Boolean).join(': '), CHARS_MAX);
}

/** What a task asks for and what its agent is: why that agent got it. */
export function matchOf(submitted: TaskSubmitted, agent: AgentRegistered): string {
  const { role, skills } = submitted.spec;
  return `${agent.agentId} is a ${agent.role}${skillsText(agent.skills)}; the task asks for a ${role}${skillsText(skills)}`;
}

/** Texts longer than this are no evidence but content. */
const EVIDENCE_CHARS_MAX = 300;

/** The fields of an event's data that tell why, without the content of the work and what the subject says already. */
export function evidenceOf({ subject, data }: AnyEvent): Record<string, unknown> {
  const id = subject.slice(subject.indexOf('/') + 1);
  const kept = Object.entries(data as Record<string, unknown>).flatMap(([name, value]): [string, unknown][] => {
    if (value === undefined || (name.endsWith('Id') && value === id)) return [];
    if (name === 'spec') return specEvidence(value as TaskSubmitted['spec']);
    if (name === 'outputTail' || name === 'text') return [];
    return [[name, typeof value === 'string' ? shortened(value, EVIDENCE_CHARS_MAX) : value]];
  });
  return Object.fromEntries(kept);
}

const specEvidence = ({ role, skills, dependsOn, priority, retries, timeoutMs }: TaskSubmitted['spec']): [string, unknown][] =>
  Object.entries({ role, skills, dependsOn, priority, retries, timeoutMs });
