import { present } from '@torch/kernel';
import type { Affinity, Amounts, ApprovalSpec } from '../scheduler/task-options';
import { PRIORITY_DEFAULT, RETRIES_DEFAULT, type TaskSpec } from '../scheduler/task-spec';
import type { PlanAmounts, PlanApproval, PlanTask } from './plan.task';
import { msOf, notBeforeMsOf, timeoutMsOf } from './times.rules';

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

/**
 * The task of a schedule as a plan states it, from how Torch keeps it, every default said. It depends on nothing, and waits for no
 * moment: those are of one run.
 */
export function planTaskOf(spec: TaskSpec): PlanTask {
  const { taskId: _taskId, dependsOn: _dependsOn, after: _after, notBeforeMs: _notBeforeMs, timeoutMs, ...rest } = spec;
  const { queueTimeoutMs, deadlineMs, progressTimeoutMs, approval, budget, estimate, ...same } = rest;
  return {
    ...same,
    timeout: durationText(timeoutMs),
    ...present({
      queueTimeout: textOf(queueTimeoutMs),
      deadline: textOf(deadlineMs),
      progressTimeout: textOf(progressTimeoutMs),
      approval: planApprovalOf(approval),
      budget: planAmountsOf(budget),
      estimate: planAmountsOf(estimate),
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

function planApprovalOf(approval: ApprovalSpec | undefined): PlanApproval | undefined {
  if (!approval) return undefined;
  const { timeoutMs, ...same } = approval;
  return present({ ...same, timeout: textOf(timeoutMs) });
}

function amountsOf(amounts: PlanAmounts | undefined): Amounts | undefined {
  return amounts && present({ tokens: amounts.tokens, costUsd: amounts.costUsd, wallMs: msOf(amounts.wall) });
}

function planAmountsOf(amounts: Amounts | undefined): PlanAmounts | undefined {
  if (!amounts) return undefined;
  const { wallMs, ...same } = amounts;
  return present({ ...same, wall: textOf(wallMs) });
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** The shortest text that stands for exactly so many ms. */
function durationText(ms: number): string {
  const [unit, unitMs] = UNITS.find(([, unitMs]) => ms > 0 && ms % unitMs === 0) ?? ['ms', 1];
  return `${ms / unitMs}${unit}`;
}

const textOf = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : durationText(ms));
