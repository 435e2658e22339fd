import { DEPENDENCIES_MAX, type TaskSpec } from '@torch/contracts';
import { Rejection } from '@torch/kernel';
import { edgesOf } from './dependencies';

type Check = (spec: TaskSpec, nowMs: number) => [code: string, message: string] | undefined;

/** What no contract of a single field can see: fields that contradict each other. */
const CHECKS: readonly Check[] = [
  ({ key, run, prompt }) =>
    (run === undefined) === (prompt === undefined) ? ['unclear-work', `Task "${key}" needs exactly one of "run" and "prompt".`] : undefined,
  ({ key, dependsOn, after = [] }) =>
    dependsOn.length + after.length > DEPENDENCIES_MAX
      ? [
          'too-many-dependencies',
          `Task "${key}" has ${dependsOn.length + after.length} dependencies in "dependsOn" and "after", of ${DEPENDENCIES_MAX} at most: put a task between that waits for some of them.`,
        ]
      : undefined,
  (spec) => {
    const seen = new Set<string>();
    const twice = edgesOf(spec).find(({ taskId }) => seen.size === seen.add(taskId).size);
    return twice && ['contradictory-dependency', `Task "${spec.key}" names ${twice.taskId} more than once in "dependsOn" and "after".`];
  },
  ({ key, taskId, affinity: { sameAgentAs = [], notAgentOf = [] } = {} }) => {
    const both = sameAgentAs.find((id) => notAgentOf.includes(id));
    if (both !== undefined) return ['contradictory-affinity', `Task "${key}" has ${both} in both "sameAgentAs" and "notAgentOf".`];
    if (![...sameAgentAs, ...notAgentOf].includes(taskId)) return undefined;
    return ['contradictory-affinity', `The affinity of task "${key}" names the task itself.`];
  },
  ({ key, deadlineMs, timeoutMs }) =>
    deadlineMs !== undefined && deadlineMs < timeoutMs
      ? ['contradictory-times', `Task "${key}" has "deadlineMs" ${deadlineMs}, which is less than its "timeoutMs" of ${timeoutMs}.`]
      : undefined,
  ({ key, queueTimeoutMs, deadlineMs }) =>
    queueTimeoutMs !== undefined && deadlineMs !== undefined && queueTimeoutMs > deadlineMs
      ? [
          'contradictory-times',
          `Task "${key}" has "queueTimeoutMs" ${queueTimeoutMs}, which is more than its "deadlineMs" of ${deadlineMs}.`,
        ]
      : undefined,
  ({ key, progressTimeoutMs, timeoutMs }) =>
    progressTimeoutMs !== undefined && progressTimeoutMs > timeoutMs
      ? [
          'contradictory-times',
          `Task "${key}" has "progressTimeoutMs" ${progressTimeoutMs}, which is more than its "timeoutMs" of ${timeoutMs}.`,
        ]
      : undefined,
  ({ key, notBeforeMs, deadlineMs }, nowMs) =>
    notBeforeMs !== undefined && deadlineMs !== undefined && notBeforeMs >= nowMs + deadlineMs
      ? [
          'contradictory-times',
          `Task "${key}" is not to start before ${notBeforeMs}, and has to end by ${nowMs + deadlineMs}: raise "deadlineMs", which counts from submission.`,
        ]
      : undefined,
  ({ key, evidence }) =>
    evidence && !evidence.exitCodeZero && !evidence.commit && !evidence.artefacts?.length && evidence.command === undefined
      ? ['empty-evidence', `Task "${key}" has an "evidence" that asks for nothing: leave it out, or say what is to be shown.`]
      : undefined,
  ({ key, metered, estimate }) =>
    metered && Object.keys(estimate ?? {}).length === 0
      ? ['estimate-missing', `Task "${key}" is metered, and needs an "estimate", which counts when its agent reports no usage.`]
      : undefined,
];

/** @throws Rejection that names the task, the fields and their values. */
export function refuseContradictions(spec: TaskSpec, nowMs: number): void {
  for (const check of CHECKS) {
    const found = check(spec, nowMs);
    if (found) throw new Rejection(...found);
  }
}
