import { type ApprovalAnswered, type ApprovalEvent, type ApprovalEscalated, type ApprovalRequested, APPROVE } from '@torch/contracts';
import { invariant } from '@torch/kernel';
import type { Facts } from '../rules';
import { isLive, type SchedulerState } from '../scheduler.state';
import { proceed } from '../task.evolve';
import type { Approval } from './approvals.state';
import { leaseLeftMs, renewLease } from './lease';

export const approvalFacts: Facts<ApprovalEvent> = {
  'approval.requested': (state, { data }) => onRequested(state, data),
  'approval.answered': (state, { data, actor }) => onAnswered(state, data, actor),
  'approval.escalated': (state, { data }) => onEscalated(state, data),
  'approval.withdrawn': ({ approvals }, { data: { approvalId, reason } }) =>
    approvals.close(openApproval(approvals.open, approvalId), { status: 'withdrawn', note: reason }),
};

function onRequested(state: SchedulerState, data: ApprovalRequested): void {
  const { approvalId: id, taskId, attempt, agentId, question, options, timeoutAtMs, onTimeout, escalateTo, requestedAtMs } = data;
  const { approvals } = state;
  const task = state.tasks.get(taskId);
  const approval: Approval = {
    id,
    seq: ++approvals.lastSeq,
    taskId,
    attempt,
    agentId,
    question,
    options,
    onTimeout,
    escalateTo,
    requestedAtMs,
    timeoutMs: timeoutAtMs - requestedAtMs,
    leaseLeftMs: task && attempt !== undefined ? leaseLeftMs(state, task, requestedAtMs) : undefined,
    timeoutAtMs,
    status: 'open',
    heapIndex: -1,
  };
  approvals.add(approval);
  if (task && attempt === undefined) state.awaitingApproval.delete(task);
  const waits = task && (attempt === undefined ? task.status === 'awaiting-approval' : isLive(task) && task.attempt === attempt);
  if (!waits) approvals.moot.add(id);
  else if (attempt !== undefined) renewLease(state, task, { left: approval.leaseLeftMs, atMs: requestedAtMs });
}

function onAnswered(state: SchedulerState, { approvalId, option, note, answeredAtMs }: ApprovalAnswered, actor: string): void {
  const approval = openApproval(state.approvals.open, approvalId);
  state.approvals.close(approval, { status: 'answered', option, note, answeredBy: actor, answeredAtMs });
  const task = state.tasks.get(approval.taskId);
  if (!task) return;
  if (approval.attempt !== undefined) {
    if (isLive(task) && task.attempt === approval.attempt) renewLease(state, task, { left: approval.leaseLeftMs, atMs: answeredAtMs });
  } else if (option === APPROVE && task.status === 'awaiting-approval') {
    task.approved = true;
    proceed(state, task, answeredAtMs);
  }
}

function onEscalated(state: SchedulerState, { approvalId, to, timeoutAtMs, escalatedAtMs }: ApprovalEscalated): void {
  const approval = openApproval(state.approvals.open, approvalId);
  approval.escalatedTo = to;
  state.approvals.postpone(approval, timeoutAtMs);
  const task = state.tasks.get(approval.taskId);
  if (task && isLive(task) && task.attempt === approval.attempt)
    renewLease(state, task, { left: approval.leaseLeftMs, atMs: escalatedAtMs });
}

function openApproval(open: ReadonlyMap<string, Approval>, id: string): Approval {
  const approval = open.get(id);
  invariant(approval, `An event is about approval ${id}, which is not open.`);
  return approval;
}
