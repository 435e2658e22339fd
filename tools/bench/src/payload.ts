import { RETRIES_DEFAULT, type TaskSpec, TIMEOUT_MS_DEFAULT } from '@torch/contracts';

/** A task of about 500 bytes of JSON: what every figure that moves tasks moves. */
export function benchTask(taskId: string, index: number): TaskSpec {
  return {
    taskId,
    key: taskId,
    title: `Check module ${index} of the repository for unused exports`,
    role: 'developer',
    skills: ['typescript'],
    prefer: [],
    run: `node tools/check-unused-exports.mjs --module src/modules/module-${index} --report out/module-${index}.json --fail-on-unused --ignore "**/*.spec.ts"`,
    dependsOn: [],
    priority: index % 10,
    timeoutMs: TIMEOUT_MS_DEFAULT,
    retries: RETRIES_DEFAULT,
  };
}
