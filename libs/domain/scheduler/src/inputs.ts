import { INPUTS_BYTES_MAX, type TaskInput } from '@torch/contracts';
import { jsonBytes } from '@torch/kernel';
import { edgesOf } from './dependencies';
import type { SchedulerState, TaskState } from './scheduler.state';

/**
 * What the task is given of the tasks that it depends on, in the order in which its spec names them. When their results
 * together pass `INPUTS_BYTES_MAX`, all are left out: each is to be asked for by its task id.
 */
export function inputsOf({ tasks }: SchedulerState, { spec }: TaskState): TaskInput[] {
  const dependencies = edgesOf(spec).flatMap(({ taskId }) => tasks.get(taskId) ?? []);
  let bytes = 0;
  for (const { result } of dependencies) if (result) bytes += jsonBytes(result);
  return dependencies.map((dependency) => inputOf(dependency, { withResult: bytes <= INPUTS_BYTES_MAX }));
}

function inputOf({ spec, status, exitCode, result, resultRef, reason }: TaskState, { withResult }: { withResult: boolean }): TaskInput {
  const input: TaskInput = { taskId: spec.taskId, key: spec.key, status };
  if (exitCode !== undefined) input.exitCode = exitCode;
  if (result && withResult) input.result = result;
  if (resultRef !== undefined) input.resultRef = resultRef;
  if (reason !== undefined) input.reason = reason;
  return input;
}
