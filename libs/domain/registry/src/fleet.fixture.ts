import { ATTEMPT_FAILURES, type TaskSpec } from '@torch/contracts';
import { DeciderRun, type SpecCommand, type SpecEvent } from '@torch/testing';
import fc from 'fast-check';
import { registryDeciderWith } from './registry.decider';
import type { RegistryState } from './registry.state';

export const SMALL = { agentsPresentMax: 4, agentsGoneMax: 2, replacedInstancesMax: 2, talliesMax: 6, tasksEndedMax: 2 };
export const smallRegistry = registryDeciderWith(SMALL);

export const AGENT_IDS = ['a', 'b', 'c', 'd', 'e', 'f'];
const agentId = fc.constantFrom(...AGENT_IDS);
const instance = fc.constantFrom('1', '2', '3', '4');
const lastSeenAtMs = fc.nat();
const abilities = {
  skills: fc.subarray(['go', 'go:3', 'rust', 'ts:2']),
  labels: fc.option(fc.record({ zone: fc.constantFrom('x', 'y') }), { nil: undefined }),
  capacity: fc.integer({ min: 1, max: 3 }),
};
const pause = fc.option(fc.constantFrom('blocked-on-human', 'rate-limited'), { nil: undefined });
const untilMs = fc.option(fc.integer({ min: 1_000_000, max: 1_000_100 }), { nil: undefined });
const of =
  (type: string) =>
  (data: object): SpecCommand => ({ type, data });

export const command: fc.Arbitrary<SpecCommand> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({
        agentId,
        instance,
        ...abilities,
        name: fc.constantFrom('ada', 'adam', 'bob'),
        role: fc.constantFrom('developer', 'specialist'),
        harness: fc.constant('exec'),
      })
      .map(of('RegisterAgent')),
  },
  fc.record({ agentId, ...abilities }).map(of('UpdateAgent')),
  fc.record({ agentId, reason: fc.constant('Update.') }).map(of('DrainAgent')),
  fc.record({ agentId, instance, pause, untilMs }).map(of('PauseAgent')),
  fc.record({ agentId, reason: fc.constant('Done.') }).map(of('DeregisterAgent')),
  fc.record({ agentId, instance, lastSeenAtMs }).map(of('SuspectAgent')),
  fc
    .record({ agentId, instance: fc.option(instance, { nil: undefined }), reason: fc.constant('Silence.'), lastSeenAtMs })
    .map(of('LoseAgent')),
  fc.record({ agentId, instance }).map(of('RecoverAgent')),
);

const TASKS: readonly Pick<TaskSpec, 'taskId' | 'kind' | 'skills'>[] = [
  { taskId: 't-0', skills: [] },
  { taskId: 't-1', skills: ['ts:2'] },
  { taskId: 't-2', kind: 'review', skills: ['ts', 'go'] },
];
const taskId = fc.constantFrom(...TASKS.map((task) => task.taskId));
const approvalId = fc.constantFrom('q-0', 'q-1');
const happened =
  (type: string) =>
  (data: object): SpecEvent => ({ type, data });

/** What the scheduler says, in any order whatever. */
export const news: fc.Arbitrary<SpecEvent> = fc.oneof(
  fc.constantFrom(...TASKS).map((spec) => ({ type: 'task.submitted', data: { spec } })),
  {
    weight: 3,
    arbitrary: fc.record({ taskId, agentId, attempt: fc.constant(1), assignedAtMs: fc.constant(1) }).map(happened('task.assigned')),
  },
  fc.record({ taskId, agentId, durationMs: fc.nat(1000) }).map(happened('task.completed')),
  fc.record({ taskId, agentId, reason: fc.constantFrom(...ATTEMPT_FAILURES) }).map(happened('task.attempt-failed')),
  fc.record({ taskId, retryAtMs: fc.integer({ min: 999_000, max: 1_001_000 }) }).map(happened('task.retry-scheduled')),
  fc.record({ taskId }).map(happened('task.dead-lettered')),
  fc.record({ taskId }).map(happened('task.requeued')),
  fc.record({ taskId }).map(happened('task.cancelled')),
  fc.record({ approvalId, taskId, agentId }).map(happened('approval.requested')),
  fc.record({ approvalId }).map(happened('approval.answered')),
);

export type Step = { readonly command: SpecCommand } | { readonly news: SpecEvent };
export const step: fc.Arbitrary<Step> = fc.oneof(
  command.map((command) => ({ command })),
  news.map((news) => ({ news })),
);
export const steps = fc.array(step, { maxLength: 60, size: 'max' });

/** A small registry that has been through all of it, with what follows by itself after each step. */
export function registryAfter(taken: readonly Step[], afterEach: (run: DeciderRun<RegistryState>, at: number) => void = () => undefined) {
  const run = new DeciderRun(smallRegistry);
  taken.forEach((step, at) => {
    if ('command' in step) run.tryToDecide(step.command);
    else run.happened(step.news);
    run.settle();
    afterEach(run, at);
  });
  return run;
}
