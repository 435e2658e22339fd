import {
  type Affinity,
  type Amounts,
  type ApprovalSpec,
  durationMs,
  notBeforeMsOf,
  type PlanAmounts,
  type PlanApproval,
  type PlanTask,
  PRIORITY_DEFAULT,
  RETRIES_DEFAULT,
  type TaskSpec,
  timeoutMsOf,
} from '@torch/contracts';
import { present } from './present';

/** What a task of a plan has to know of the plan around it. */
export interface TaskSurroundings {
  /** The id that a task of the plan has, or gets, under its key. */
  readonly taskId: (key: string) => string;
  readonly hasKey: (key: string) => boolean;
  /** When it was submitted: a `notBefore` such as `15m` counts from then. */
  readonly nowMs: number;
}

/** A valid task of a plan with every default filled in. */
export function taskSpecOf(task: PlanTask, { taskId, hasKey, nowMs }: TaskSurroundings): TaskSpec {
  const named = (key: string): string => (hasKey(key) ? taskId(key) : key);
  return {
    taskId: taskId(task.key),
    key: task.key,
    title: task.title ?? task.key,
    role: task.role,
    skills: task.skills ?? [],
    prefer: task.prefer ?? [],
    dependsOn: [...new Set((task.dependsOn ?? []).map(named))],
    priority: task.priority ?? PRIORITY_DEFAULT,
    timeoutMs: timeoutMsOf(task),
    retries: task.retries ?? RETRIES_DEFAULT,
    ...present({
      run: task.run,
      prompt: task.prompt,
      cwd: task.cwd,
      env: task.env,
      kind: task.kind,
      labels: task.labels,
      affinity: affinityOf(task.affinity, named),
      fairnessKey: task.fairnessKey,
      semaphores: task.semaphores,
      onDependencyFailure: task.onDependencyFailure,
      after: task.after?.map((edge) => ({ taskId: named(edge.task), on: edge.on })),
      claims: task.claims,
      metered: task.metered,
      evidence: task.evidence,
      approval: approvalOf(task.approval),
      budget: amountsOf(task.budget),
      estimate: amountsOf(task.estimate),
      ...timesOf(task, nowMs),
    }),
  };
}

function timesOf({ notBefore, queueTimeout, deadline, progressTimeout }: PlanTask, nowMs: number): Partial<TaskSpec> {
  return {
    notBeforeMs: notBefore === undefined ? undefined : notBeforeMsOf(notBefore, nowMs),
    queueTimeoutMs: msOf(queueTimeout),
    deadlineMs: msOf(deadline),
    progressTimeoutMs: msOf(progressTimeout),
  };
}

function affinityOf(affinity: Affinity | undefined, named: (key: string) => string): Affinity | undefined {
  return affinity && present({ sameAgentAs: affinity.sameAgentAs?.map(named), notAgentOf: affinity.notAgentOf?.map(named) });
}

function approvalOf(approval: PlanApproval | undefined): ApprovalSpec | undefined {
  if (!approval) return undefined;
  const { question, timeout, onTimeout, escalateTo } = approval;
  return present({ question, timeoutMs: msOf(timeout), onTimeout, escalateTo });
}

function amountsOf(amounts: PlanAmounts | undefined): Amounts | undefined {
  return amounts && present({ tokens: amounts.tokens, costUsd: amounts.costUsd, wallMs: msOf(amounts.wall) });
}

const msOf = (duration: string | undefined): number | undefined => (duration === undefined ? undefined : durationMs(duration));
