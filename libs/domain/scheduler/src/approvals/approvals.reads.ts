import type { ApprovalFound, ApprovalList, ApprovalView, GetApproval, ListApprovals } from '@torch/contracts';
import { present } from '@torch/kernel';
import type { SchedulerState } from '../scheduler.state';
import type { Approval } from './approvals.state';

/** Approvals of an answer, unless the query says otherwise. */
export const APPROVALS_PAGE_DEFAULT = 200;

/** The open ones, the oldest first; with `open: false` also those that are closed and remembered, the newest first behind them. */
export function listApprovals(
  { approvals }: SchedulerState,
  { open = true, taskId, limit = APPROVALS_PAGE_DEFAULT }: ListApprovals,
): ApprovalList {
  const asked = taskId === undefined ? [...approvals.open.values()] : approvals.openOf(taskId);
  const closed = open
    ? []
    : [...approvals.closed.values()].reverse().filter((approval) => taskId === undefined || approval.taskId === taskId);
  return { approvals: [...asked, ...closed].slice(0, limit).map(viewOf) };
}

/** Without an approval when there is none: never asked, or forgotten after it was closed. */
export function getApproval({ approvals }: SchedulerState, { approvalId }: GetApproval): ApprovalFound {
  const approval = approvals.find(approvalId);
  return approval ? { approval: viewOf(approval) } : {};
}

function viewOf(approval: Approval): ApprovalView {
  const { id: approvalId, taskId, attempt, agentId, question, options, requestedAtMs, timeoutAtMs, onTimeout } = approval;
  const { escalatedTo, status, option, note, answeredBy, answeredAtMs } = approval;
  const asked = { approvalId, taskId, attempt, agentId, question, options: [...options], requestedAtMs, timeoutAtMs, onTimeout };
  return present({ ...asked, escalatedTo, status, option, note, answeredBy, answeredAtMs });
}
