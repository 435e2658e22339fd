import type {
  AnswerApproval,
  ClaimAnswer,
  ClaimHolder,
  ClaimPaths,
  LimitSetting,
  RedriveTasks,
  RemoveLimit,
  SetBudget,
  SetSchedule,
  TaskSpec,
} from '@torch/contracts';
import { type AnyCommand, type NewEvent, Rejection } from '@torch/kernel';

type Rule = (data: never, said: { readonly nowMs: number; readonly actor: string }) => NewEvent[];

/** Who holds every path below `repo:held`. */
export const HOLDER: ClaimHolder = { agentId: 'dev-9', taskId: 'run-9.t', path: 'repo:held/**', mode: 'exclusive' };
/** A claim that was granted before. */
export const CLAIM_OF_OLD = 'of-old';

const of = (type: string, subject: string, data: object): NewEvent[] => [{ type, subject, data }];

/** Limits, claims, approvals, budgets and schedules, as far as the gateway can tell: what was asked becomes an event. */
const RULES: Readonly<Record<string, Rule>> = {
  SetLimit: (data: LimitSetting, { nowMs }) => of('limit.set', `limit/${data.scope}:${data.name}`, { ...data, setAtMs: nowMs }),
  RemoveLimit: (data: RemoveLimit, { nowMs }) => of('limit.removed', `limit/${data.scope}:${data.name}`, { ...data, removedAtMs: nowMs }),
  StopWork: (data: object, { nowMs }) => of('work.stopped', 'project/default', { ...data, stoppedAtMs: nowMs }),
  ResumeWork: (_, { nowMs }) => of('work.resumed', 'project/default', { resumedAtMs: nowMs }),
  ClaimPaths: claimPaths,
  ReleaseClaim: (data: { claimId: string }, { nowMs }) =>
    of('claim.released', `claim/${data.claimId}`, { ...data, reason: 'released', releasedAtMs: nowMs }),
  RequestApproval: ({ assignment: _checked, ...data }: { assignment: string; approvalId: string }, { nowMs }) =>
    of('approval.requested', `approval/${data.approvalId}`, {
      options: ['approve', 'deny'],
      onTimeout: 'deny',
      ...data,
      timeoutAtMs: nowMs + 1000,
      requestedAtMs: nowMs,
    }),
  AnswerApproval: answerApproval,
  SetBudget: (data: SetBudget, { nowMs }) => of('budget.set', `budget/${data.scope}`, { ...data, setAtMs: nowMs }),
  SetSchedule: (data: SetSchedule, { nowMs }) => {
    if (data.cron === 'whenever') throw new Rejection('invalid-cron', 'Field "cron" is "whenever", which is no cron expression.');
    return of('schedule.set', `schedule/${data.scheduleId}`, { ...data, nextAtMs: nowMs + 1000, setAtMs: nowMs });
  },
  RemoveSchedule: (data: { scheduleId: string }, { nowMs }) =>
    of('schedule.removed', `schedule/${data.scheduleId}`, { ...data, removedAtMs: nowMs }),
  ChangePriority: (data: { taskId: string }, { nowMs }) =>
    of('task.priority-changed', `task/${data.taskId}`, { ...data, changedAtMs: nowMs }),
  RedriveTasks: ({ taskIds = [] }: RedriveTasks, { nowMs }) =>
    taskIds.flatMap((taskId) => of('task.requeued', `task/${taskId}`, { taskId, reason: 'retry-asked', requeuedAtMs: nowMs })),
};

function claimPaths({ claimId, agentId, paths, taskId }: ClaimPaths, { nowMs }: { nowMs: number }): NewEvent[] {
  const [first] = paths;
  const ofTask = taskId === undefined ? {} : { taskId };
  if (claimId === CLAIM_OF_OLD) return [];
  if (!first?.path.startsWith('repo:held'))
    return of('claim.granted', `claim/${claimId}`, {
      claimId,
      agentId,
      ...ofTask,
      paths,
      leaseUntilMs: nowMs + 1000,
      grantedAtMs: nowMs,
    });
  return of('claim.refused', `claim/${claimId}`, { claimId, agentId, ...ofTask, ...first, heldBy: HOLDER, refusedAtMs: nowMs });
}

function answerApproval({ approvalId, ...answer }: AnswerApproval, { nowMs, actor }: { nowMs: number; actor: string }): NewEvent[] {
  if (actor.startsWith('agent:')) throw new Rejection('not-asked', `Approval ${approvalId} asks people, and not ${actor}.`);
  if (answer.option === 'late') throw new Rejection('approval-answered', `Approval ${approvalId} has been answered already.`);
  const data = { approvalId, taskId: 'run-1.t', ...answer, timedOut: false, answeredAtMs: nowMs };
  return of('approval.answered', `approval/${approvalId}`, data);
}

/** @throws Rejection for what the stand-in has no rule for, or what its rule refuses. */
export function standInRule({ type, data, actor }: AnyCommand<string, never>, nowMs: number): NewEvent[] {
  const rule = RULES[type];
  if (!rule) throw new Rejection('unknown-task', `The stand-in knows no ${type}.`);
  return rule(data, { nowMs, actor });
}

const LIMIT = { scope: 'role', name: 'developer', concurrency: 2, inUse: 1, waiting: 0 };
const APPROVAL = { approvalId: 'ap-1', taskId: 'run-1.t', question: 'May I?', options: ['approve', 'deny'], status: 'open' };
const AMOUNTS = { tokens: 10 };
const TOTAL = { name: 'developer', inputTokens: 1, outputTokens: 2, costUsd: 0.5, wallMs: 3, attempts: 1 };

/** What the stand-in answers to questions about them. */
export const ruleQueries: Readonly<Record<string, (query: never) => object>> = {
  ListLimits: () => ({ limits: [LIMIT], stopped: false }),
  GetClaim: ({ claimId }: { claimId: string }): ClaimAnswer => ({ granted: claimId === CLAIM_OF_OLD }),
  ListClaims: ({ agentId }: { agentId?: string }) => ({ claims: agentId === undefined || agentId === HOLDER.agentId ? [HOLDER] : [] }),
  ListApprovals: ({ open = true }: { open?: boolean }) => ({ approvals: open ? [APPROVAL] : [] }),
  GetApproval: ({ approvalId }: { approvalId: string }) => (approvalId === APPROVAL.approvalId ? { approval: APPROVAL } : {}),
  GetUsage: ({ by }: { by: string }) => ({ totals: by === 'role' ? [TOTAL] : [] }),
  ListBudgets: () => ({ budgets: [{ scope: 'project', limit: AMOUNTS, used: AMOUNTS, reserved: {} }] }),
  ListSchedules: () => ({ schedules: [{ scheduleId: 'nightly', cron: '@daily', task: {} as TaskSpec }] }),
};
