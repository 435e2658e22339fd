import {
  type AnswerApproval,
  APPROVAL_TIMEOUT_MS_DEFAULT,
  type ApprovalCommand,
  APPROVALS_OPEN_MAX,
  APPROVE,
  DENY,
  type ExpireApproval,
  type RequestApproval,
} from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';
import { isOfLiveAttempt } from '../fencing';
import type { Rules } from '../rules';
import { derivedText, inThread, taskEvent } from '../scheduler.facts';
import type { SchedulerState } from '../scheduler.state';
import { approvalEvent, ESCALATE_TO_DEFAULT, refuseContradiction } from './question';
import type { Approval } from './approvals.state';

/** Open questions of one attempt. */
export const ATTEMPT_QUESTIONS_MAX = 10;

export const approvalRules: Rules<ApprovalCommand> = {
  RequestApproval: (state, { data }, { nowMs }) => requestApproval(state, data, nowMs),
  AnswerApproval: (state, { data, actor }, { nowMs }) => answerApproval(state, data, { actor, nowMs }),
  ExpireApproval: (state, { data }, { nowMs }) => expireApproval(state, data, nowMs),
};

/** Asked again by the same attempt under the same id, it changes nothing. */
function requestApproval(state: SchedulerState, data: RequestApproval, nowMs: number): readonly NewEvent[] {
  const { approvalId, taskId, attempt, agentId, question, timeoutMs = APPROVAL_TIMEOUT_MS_DEFAULT, onTimeout = 'deny', escalateTo } = data;
  const options = data.options ?? [APPROVE, DENY];
  const asked = state.approvals.find(approvalId);
  if (asked && (asked.taskId !== taskId || asked.attempt !== attempt || asked.agentId !== agentId))
    throw new Rejection('approval-exists', `Approval ${approvalId} is another question, of task ${asked.taskId}: choose another id.`);
  if (asked) return [];
  refuseContradiction({ onTimeout, escalateTo, options, of: `Approval ${approvalId}` });
  refuseUnlessRunning(state, data);
  const ofAttempt = state.approvals.openOf(taskId).length;
  if (ofAttempt >= ATTEMPT_QUESTIONS_MAX) {
    const limit = `${ATTEMPT_QUESTIONS_MAX} is the limit`;
    throw new Rejection('too-many-approvals', `Task ${taskId} has ${ofAttempt} open questions, and ${limit}: wait for an answer.`);
  }
  if (state.approvals.open.size >= APPROVALS_OPEN_MAX)
    throw new Rejection('too-many-approvals', `The project has ${APPROVALS_OPEN_MAX} open questions: some have to be answered first.`);
  return [
    approvalEvent('approval.requested', {
      approvalId,
      taskId,
      attempt,
      agentId,
      question,
      options,
      timeoutAtMs: nowMs + timeoutMs,
      onTimeout,
      ...(onTimeout === 'escalate' ? { escalateTo: escalateTo ?? ESCALATE_TO_DEFAULT } : {}),
      requestedAtMs: nowMs,
    }),
  ];
}

function refuseUnlessRunning(state: SchedulerState, data: RequestApproval): void {
  const { taskId, attempt, agentId } = data;
  const task = state.tasks.get(taskId);
  if (!task) throw new Rejection('unknown-task', `There is no task ${taskId}.`);
  if (!isOfLiveAttempt(task, data))
    throw new Rejection('stale-attempt', `Attempt ${attempt} of agent ${agentId} is not the live one of task ${taskId}: it asks nothing.`);
  if (task.status !== 'running')
    throw new Rejection('attempt-not-started', `Attempt ${attempt} of task ${taskId} has not been started: start it before asking.`);
}

interface Answering {
  readonly actor: string;
  readonly nowMs: number;
}

/** The first answer holds; the same again changes nothing. */
function answerApproval(state: SchedulerState, data: AnswerApproval, { actor, nowMs }: Answering): readonly NewEvent[] {
  const { approvalId, option, note } = data;
  const approval = state.approvals.find(approvalId);
  if (!approval) throw new Rejection('unknown-approval', `There is no approval ${approvalId}.`);
  if (approval.status === 'answered') {
    if (approval.option === option) return [];
    const answer = `"${approval.option}" by ${approval.answeredBy}`;
    throw new Rejection('approval-answered', `Approval ${approvalId} has been answered already: ${answer}, and not "${option}".`);
  }
  if (approval.status === 'withdrawn' || state.approvals.moot.has(approvalId))
    throw new Rejection(
      'approval-withdrawn',
      `Approval ${approvalId} needs no answer any more: ${approval.note ?? mootReason(state, approval)}`,
    );
  if (option !== DENY && !approval.options.includes(option)) {
    const options = approval.options.map((name) => `"${name}"`).join(', ');
    throw new Rejection('unknown-option', `Option "${option}" is none of those of approval ${approvalId}: ${options}.`);
  }
  refuseUnlessAsked(state, approval, actor);
  return answered(state, approval, { option, note, by: actor, timedOut: false, nowMs });
}

/** Agents of these roles may answer questions of others. */
const ANSWERING_ROLES: readonly string[] = ['project-manager', 'orchestrator'];

/** People may answer anything. An agent may by its role, or once the question has been escalated to that, and never its own. */
function refuseUnlessAsked(state: SchedulerState, { id, agentId, escalatedTo }: Approval, actor: string): void {
  if (!actor.startsWith('agent:')) return;
  const answering = actor.slice('agent:'.length);
  if (answering === agentId) throw new Rejection('not-asked', `Approval ${id} is asked by agent ${answering}: another has to answer it.`);
  const asked = escalatedTo === undefined ? ANSWERING_ROLES : [...ANSWERING_ROLES, escalatedTo];
  const role = state.agents.get(answering)?.role;
  if (role !== undefined && asked.includes(role)) return;
  const roles = asked.join(', ');
  throw new Rejection('not-asked', `Approval ${id} asks people and agents of the roles ${roles}, and not agent ${answering}.`);
}

interface Answer {
  readonly option: string;
  readonly note?: string;
  readonly by?: string;
  readonly timedOut: boolean;
  readonly nowMs: number;
}

function answered(state: SchedulerState, approval: Approval, { option, note, by, timedOut, nowMs }: Answer): readonly NewEvent[] {
  const { id: approvalId, taskId, attempt } = approval;
  const given = note === undefined || note === '' ? {} : { note };
  const answer = approvalEvent('approval.answered', { approvalId, taskId, option, ...given, timedOut, answeredAtMs: nowMs });
  if (attempt !== undefined || option === APPROVE) return [answer];
  const because = timedOut ? `Nobody answered within ${approval.timeoutMs} ms.` : `${by} said no${note ? `: ${note}` : '.'}`;
  const reason = derivedText(`approval-denied: ${because}`);
  const attempts = state.tasks.get(taskId)?.attempt ?? 0;
  return [answer, taskEvent('task.failed', { taskId, attempts, reason, failedAtMs: nowMs })];
}

function expireApproval(state: SchedulerState, { approvalId }: ExpireApproval, nowMs: number): readonly NewEvent[] {
  const approval = state.approvals.open.get(approvalId);
  if (!approval || state.approvals.moot.has(approvalId)) return []; // Answered or withdrawn in the same turn.
  if (nowMs < approval.timeoutAtMs)
    throw new Rejection('approval-not-due', `Approval ${approvalId} may be answered until ${approval.timeoutAtMs}.`);
  const task = state.tasks.get(approval.taskId);
  return timedOut(state, approval, nowMs).map((event) => (task ? inThread(task, event) : event));
}

function timedOut(state: SchedulerState, approval: Approval, nowMs: number): readonly NewEvent[] {
  const { id: approvalId, taskId, onTimeout, timeoutMs, escalateTo = ESCALATE_TO_DEFAULT, escalatedTo } = approval;
  if (onTimeout === 'escalate' && escalatedTo === undefined) {
    const timeoutAtMs = nowMs + timeoutMs;
    return [approvalEvent('approval.escalated', { approvalId, taskId, to: escalateTo, timeoutAtMs, escalatedAtMs: nowMs })];
  }
  return answered(state, approval, { option: onTimeout === 'approve' ? APPROVE : DENY, timedOut: true, nowMs });
}

/** Why an open question needs no answer any more. */
export function mootReason({ tasks }: SchedulerState, { taskId, attempt }: Approval): string {
  const task = tasks.get(taskId);
  if (!task || attempt === undefined) return `Task ${taskId} is ${task?.status ?? 'forgotten'}.`;
  return `Attempt ${attempt} of task ${taskId} is over.`;
}
