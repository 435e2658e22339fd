import { APPROVAL_TIMEOUT_MS_DEFAULT, APPROVALS_OPEN_MAX, APPROVE, DENY, type TaskSpec } from '@torch/contracts';
import type { NewEvent } from '@torch/kernel';
import { HeapWalk } from '../heap';
import { cut, inThread } from '../scheduler.facts';
import { bySeq, type SchedulerState, type TaskState } from '../scheduler.state';
import { roomIn, type Settlement } from '../settlement';
import type { DueCommand, Topic } from '../topics';
import { mootReason } from './approvals.rules';
import { approvalEvent, ESCALATE_TO_DEFAULT, QUESTION_CHARS_MAX, refuseContradiction } from './question';

/** Questions that run out of time in one turn: what a decision leads to must fit into a commit. */
const EXPIRED_PER_TURN_MAX = 250;

export const approvalsTopic: Topic = {
  attemptOver: ({ approvals }, { spec, attempt }) => {
    for (const approval of approvals.openOf(spec.taskId)) if (approval.attempt === attempt) approvals.moot.add(approval.id);
  },
  taskEnded: ({ approvals }, { spec }) => {
    for (const { id } of approvals.openOf(spec.taskId)) approvals.moot.add(id);
  },
  settle: (settlement) => {
    withdrawMoot(settlement);
    askForStarts(settlement);
  },
  dueAtMs: ({ approvals }) => approvals.timers.peek()?.timeoutAtMs ?? Infinity,
  due,
  checkSubmitted: (_state, { key, approval }: TaskSpec) => {
    if (!approval) return;
    const { onTimeout = 'deny', escalateTo } = approval;
    refuseContradiction({ onTimeout, escalateTo, options: [APPROVE, DENY], of: `Task "${key}"` });
  },
};

function due({ approvals }: SchedulerState, nowMs: number): readonly DueCommand[] {
  const commands: DueCommand[] = [];
  const walk = new HeapWalk(approvals.timers);
  for (let next = walk.peek(); next && next.timeoutAtMs <= nowMs && commands.length < EXPIRED_PER_TURN_MAX; walk.next(), next = walk.peek())
    commands.push({ type: 'ExpireApproval', data: { approvalId: next.id } });
  return commands;
}

function withdrawMoot(settlement: Settlement): void {
  const { state, nowMs, events } = settlement;
  for (const approvalId of [...state.approvals.moot].sort()) {
    const approval = state.approvals.open.get(approvalId);
    if (!approval || roomIn(settlement) <= 0) continue;
    const { taskId } = approval;
    const task = state.tasks.get(taskId);
    const withdrawn = approvalEvent('approval.withdrawn', {
      approvalId,
      taskId,
      reason: cut(mootReason(state, approval), 2000),
      withdrawnAtMs: nowMs,
    });
    events.push(task ? inThread(task, withdrawn) : withdrawn);
  }
}

/** A task whose question finds no room among the open ones goes on waiting, and is asked for when one of them is closed. */
function askForStarts(settlement: Settlement): void {
  const { state, events, ended, newId, nowMs } = settlement;
  let open = state.approvals.open.size;
  if (state.awaitingApproval.size === 0 || open >= APPROVALS_OPEN_MAX) return;
  for (const task of [...state.awaitingApproval].sort(bySeq)) {
    if (roomIn(settlement) <= 0 || open >= APPROVALS_OPEN_MAX) return;
    if (ended.has(task) || state.approvals.isAsked(task.spec.taskId)) continue;
    events.push(inThread(task, startQuestion(task, newId(), nowMs)));
    open++;
  }
}

function startQuestion({ spec }: TaskState, approvalId: string, nowMs: number): NewEvent {
  const { question, timeoutMs = APPROVAL_TIMEOUT_MS_DEFAULT, onTimeout = 'deny', escalateTo } = spec.approval ?? {};
  return approvalEvent('approval.requested', {
    approvalId,
    taskId: spec.taskId,
    question: question ?? cut(`May task ${spec.taskId} start: ${spec.title}?`, QUESTION_CHARS_MAX),
    options: [APPROVE, DENY],
    timeoutAtMs: nowMs + timeoutMs,
    onTimeout,
    ...(onTimeout === 'escalate' ? { escalateTo: escalateTo ?? ESCALATE_TO_DEFAULT } : {}),
    requestedAtMs: nowMs,
  });
}
