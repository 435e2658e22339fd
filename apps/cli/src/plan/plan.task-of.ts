import type { Amounts, ApprovalSpec, PlanAmounts, PlanApproval, PlanTask, TaskSpec } from '@torch/contracts';

/** The task of a schedule as a plan states it, from how Torch keeps it. It depends on nothing, and waits for no moment. */
export function planTaskOf(spec: TaskSpec): PlanTask {
  const { taskId: _taskId, dependsOn: _dependsOn, after: _after, notBeforeMs: _notBeforeMs, timeoutMs, ...rest } = spec;
  const { queueTimeoutMs, deadlineMs, progressTimeoutMs, approval, budget, estimate, ...same } = rest;
  return {
    ...same,
    timeout: durationText(timeoutMs),
    ...(queueTimeoutMs !== undefined && { queueTimeout: durationText(queueTimeoutMs) }),
    ...(deadlineMs !== undefined && { deadline: durationText(deadlineMs) }),
    ...(progressTimeoutMs !== undefined && { progressTimeout: durationText(progressTimeoutMs) }),
    ...(approval && { approval: planApproval(approval) }),
    ...(budget && { budget: planAmounts(budget) }),
    ...(estimate && { estimate: planAmounts(estimate) }),
  };
}

function planApproval({ timeoutMs, ...approval }: ApprovalSpec): PlanApproval {
  return { ...approval, ...(timeoutMs !== undefined && { timeout: durationText(timeoutMs) }) };
}

function planAmounts({ wallMs, ...amounts }: Amounts): PlanAmounts {
  return { ...amounts, ...(wallMs !== undefined && { wall: durationText(wallMs) }) };
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
