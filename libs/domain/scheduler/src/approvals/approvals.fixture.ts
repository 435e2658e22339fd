import type { AnswerApproval, ApprovalRequested, RequestApproval, TaskSpec } from '@torch/contracts';
import type { NewEvent } from '@torch/kernel';
import { DeciderRun } from '@torch/testing';
import type { SchedulerDecider } from '../decider';
import { registered, startTask, submitRun, task, withAssignments } from '../decider.fixture';
import type { SchedulerState } from '../scheduler.state';

export const HOUR = 3_600_000;
/** Of the task `a` here, and what is added to it: the whole lease of a started attempt. */
export const TIMEOUT_MS = 600_000;
export const LEASE_MS = TIMEOUT_MS + 30_000;

export const answer = (approvalId: string, part: Partial<AnswerApproval> & { actor?: string } = {}) => {
  const { actor, ...data } = part;
  return { type: 'AnswerApproval', data: { approvalId, option: 'approve', ...data }, ...(actor === undefined ? {} : { actor }) };
};
export const ask = (part: Partial<RequestApproval> = {}) => ({
  type: 'RequestApproval',
  data: { approvalId: 'q-1', taskId: 'run-1.a', attempt: 1, agentId: 'agent-1', question: 'Drop the table?', ...part },
  actor: 'agent:agent-1',
});
export const expire = (approvalId: string) => ({ type: 'ExpireApproval', data: { approvalId } });

/** The task `a`, with this approval before it starts, has been submitted; agent-1 is free. */
export function waiting(approval: TaskSpec['approval'] = {}, decider?: SchedulerDecider) {
  const run = new DeciderRun(withAssignments(decider)).happened(registered('agent-1'));
  run.decide(submitRun([task('a', { approval, timeoutMs: TIMEOUT_MS })]));
  const asked = questions(run.settle());
  return { run, approvalId: asked[0]?.approvalId as string, asked };
}

/** The task `a` runs at agent-1. */
export function running(part: Partial<TaskSpec> = {}) {
  const run = new DeciderRun(withAssignments()).happened(registered('agent-1'));
  run.decide(submitRun([task('a', { timeoutMs: TIMEOUT_MS, ...part })]));
  run.settle();
  run.decide(startTask('a'));
  return run;
}

/** The events of one turn: what is due, and what follows. */
export function turn(run: DeciderRun<SchedulerState>, nowMs: number): readonly NewEvent[] {
  return [...run.passTo(nowMs), ...run.settle()];
}

export const questions = (events: readonly NewEvent[]): ApprovalRequested[] =>
  events.filter(({ type }) => type === 'approval.requested').map(({ data }) => data as ApprovalRequested);
export const statusOf = (run: DeciderRun<SchedulerState>, key = 'a') => run.state.tasks.get(`run-1.${key}`)?.status;
export const leaseOf = (run: DeciderRun<SchedulerState>, key = 'a') => run.state.tasks.get(`run-1.${key}`)?.dueAtMs;
