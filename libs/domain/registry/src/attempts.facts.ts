import type {
  ApprovalRequested,
  TaskAssigned,
  TaskAttemptFailed,
  TaskCompleted,
  TaskRetryScheduled,
  TaskSubmitted,
} from '@torch/contracts';
import { ALL, countAttempt, type Outcome } from './record/record.exports';
import type { AgentRecord, RegistryState } from './registry.state';

type OfTask = { readonly taskId: string };
type OfApproval = { readonly approvalId: string };

export function taskSubmitted({ ledger }: RegistryState, { spec }: TaskSubmitted): void {
  ledger.submitted(spec);
}

export function taskAssigned(state: RegistryState, { taskId, attempt, agentId, assignedAtMs }: TaskAssigned): void {
  attemptOver(state, taskId);
  state.ledger.reopened(taskId);
  const agent = state.agents.get(agentId);
  if (!agent) return;
  state.ledger.began(taskId, { agentId, attempt });
  if ((state.ledger.throttled.get(agentId) ?? Infinity) <= assignedAtMs) state.ledger.throttled.delete(agentId);
  agent.running++;
  state.index.refresh(agent);
}

export function taskCompleted(state: RegistryState, { taskId, agentId, durationMs }: TaskCompleted): void {
  count(state, { taskId, agentId }, { durationMs });
  attemptOver(state, taskId);
  state.index.heard(agentId);
  state.ledger.completed(taskId);
}

export function attemptFailed(state: RegistryState, { taskId, agentId, reason }: TaskAttemptFailed): void {
  count(state, { taskId, agentId }, { failure: reason });
  attemptOver(state, taskId);
  if (reason === 'rate-limited' && state.agents.has(agentId)) state.ledger.rateLimited(taskId, agentId);
}

/** The task waits for its agent's rate limit; so does everything else that the agent might get. */
export function retryScheduled({ agents, ledger }: RegistryState, { taskId, retryAtMs }: TaskRetryScheduled): void {
  const agent = agents.get(ledger.retryScheduled(taskId) ?? '');
  if (!agent) return;
  if (agent.pause && (agent.pause.pause !== 'rate-limited' || (agent.pause.untilMs ?? Infinity) >= retryAtMs)) return;
  ledger.throttled.set(agent.agentId, Math.max(retryAtMs, ledger.throttled.get(agent.agentId) ?? 0));
}

export function taskReopened({ ledger }: RegistryState, { taskId }: OfTask): void {
  ledger.reopened(taskId);
}

/** Cancelled, failed, skipped or dead-lettered: it may still be retried. */
export function taskEnded(state: RegistryState, { taskId }: OfTask): void {
  attemptOver(state, taskId);
  state.ledger.endedWithoutSuccess(taskId);
}

export function approvalRequested(state: RegistryState, { approvalId, agentId = '' }: ApprovalRequested): void {
  approvalSettled(state, { approvalId });
  const agent = state.agents.get(agentId);
  if (!agent) return; // Asked before the start: nobody waits for it yet.
  state.ledger.asked(approvalId, agentId);
  agent.questions++;
  state.index.refresh(agent);
}

/** Answered or withdrawn. */
export function approvalSettled(state: RegistryState, { approvalId }: OfApproval): void {
  const agent = state.agents.get(state.ledger.settled(approvalId) ?? '');
  if (!agent) return;
  agent.questions--;
  state.index.refresh(agent);
}

function attemptOver(state: RegistryState, taskId: string): void {
  const agent = state.agents.get(state.ledger.over(taskId) ?? '');
  if (!agent) return;
  agent.running--;
  state.index.refresh(agent);
}

/** Attempts of agents that are already forgotten are not counted: their record is gone with them. */
function count(
  { agents, ledger, index, limits }: RegistryState,
  { taskId, agentId }: { taskId: string; agentId: string },
  outcome: Outcome,
): void {
  const agent = agents.get(agentId);
  if (!agent) return;
  countAttempt(agent.record, sortsOf(agent, ledger.sortOf(taskId)), outcome, limits.talliesMax);
  index.refresh(agent);
}

function sortsOf({ role }: AgentRecord, { kind, skills }: { readonly kind: string; readonly skills: readonly string[] }): string[] {
  return [...skills.map((skill) => `skill:${skill}`), `kind:${kind}`, `role:${role}`, ALL];
}
