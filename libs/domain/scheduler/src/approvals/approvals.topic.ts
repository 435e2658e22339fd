import { APPROVAL_TIMEOUT_MS_DEFAULT, APPROVALS_OPEN_MAX, APPROVE, DENY, type TaskSpec } from '@torch/contracts';
import { inOrder, type NewEvent, type TimerContext } from '@torch/kernel';
import { derivedText } from '../scheduler.facts';
import type { SchedulerState, TaskState } from '../scheduler.state';
import { roomIn, says, type Settlement } from '../settlement';
import type { DueCommand, Topic } from '../topics';
import { mootReason } from './approvals.rules';
import { approvalEvent, ESCALATE_TO_DEFAULT, refuseContradiction } from './question';

/** Questions that run out of time in one turn: what a decision leads to must fit into a commit. */
const EXPIRED_PER_TURN_MAX = 250;

export const approvalsTopic: Topic = {
  attemptOver: ({ approvals }, { spec, attempt }) => {
    for (const approval of approvals.openOf(spec.taskId)) if (approval.attempt === attempt) approvals.moot.add(approval.id);
  },
  taskEnded: ({ approvals }, { spec }) => {
    for (const { id } of approvals.openOf(spec.taskId)) approvals.moot.add(id);
  },
  conclusions: [withdrawMoot, askForStarts],
  dueAtMs: ({ approvals }) => approvals.timers.peek()?.timeoutAtMs ?? Infinity,
  due,
  checkSubmitted: (_state, { key, approval }: TaskSpec) => {
    if (!approval) return;
    const { onTimeout = 'deny', escalateTo } = approval;
    refuseContradiction({ onTimeout, escalateTo, options: [APPROVE, DENY], of: `Task "${key}"` });
  },
};

function due({ approvals }: SchedulerState, { nowMs, max }: TimerContext): readonly DueCommand[] {
  const commands: DueCommand[] = [];
  for (const { id: approvalId, timeoutAtMs } of inOrder(approvals.timers)) {
    if (timeoutAtMs > nowMs || commands.length >= Math.min(max, EXPIRED_PER_TURN_MAX)) break;
    commands.push({ type: 'ExpireApproval', data: { approvalId } });
  }
  return commands;
}

function withdrawMoot(settlement: Settlement): void {
  const { state, nowMs } = settlement;
  for (const approvalId of state.approvals.moot) {
    if (roomIn(settlement) <= 0) return;
    const approval = state.approvals.open.get(approvalId);
    if (!approval) continue;
    const { taskId } = approval;
    const reason = derivedText(mootReason(state, approval));
    const withdrawn = approvalEvent('approval.withdrawn', { approvalId, taskId, reason, withdrawnAtMs: nowMs });
    says(settlement, state.tasks.get(taskId), withdrawn);
  }
}

/** A task whose question finds no room among the open ones goes on waiting, and is asked for when one of them is closed. */
function askForStarts(settlement: Settlement): void {
  const { state, newId, nowMs } = settlement;
  let open = state.approvals.open.size;
  if (open >= APPROVALS_OPEN_MAX) return;
  for (const task of state.awaitingApproval) {
    if (roomIn(settlement) <= 0 || open >= APPROVALS_OPEN_MAX) return;
    if (state.approvals.isAsked(task.spec.taskId)) continue;
    says(settlement, task, startQuestion(task, newId(), nowMs));
    open++;
  }
}

function startQuestion({ spec }: TaskState, approvalId: string, nowMs: number): NewEvent {
  const { question, timeoutMs = APPROVAL_TIMEOUT_MS_DEFAULT, onTimeout = 'deny', escalateTo } = spec.approval ?? {};
  return approvalEvent('approval.requested', {
    approvalId,
    taskId: spec.taskId,
    question: question ?? derivedText(`May task ${spec.taskId} start: ${spec.title}?`),
    options: [APPROVE, DENY],
    timeoutAtMs: nowMs + timeoutMs,
    onTimeout,
    ...(onTimeout === 'escalate' ? { escalateTo: escalateTo ?? ESCALATE_TO_DEFAULT } : {}),
    requestedAtMs: nowMs,
  });
}
