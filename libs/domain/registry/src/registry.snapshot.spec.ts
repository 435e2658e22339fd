import { PART_CHARS_MAX } from '@torch/kernel';
import { given, type SpecEvent } from '@torch/testing';
import { registryDecider } from './registry.decider';

const many = <T>(count: number, of: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => of(n));
const submitted = (n: number): SpecEvent => ({
  type: 'task.submitted',
  data: { spec: { taskId: `task-${n}`, kind: 'review', skills: ['ts:2', 'go'] } },
});
const assigned = (n: number): SpecEvent => ({
  type: 'task.assigned',
  data: { taskId: `task-${n}`, attempt: 1, agentId: `agent-${n % 7}` },
});

describe("the registry's snapshot", () => {
  it('comes in parts of a limited size, however many tasks the track record has to know of', () => {
    const tasks = 20_000;
    const { run } = given(registryDecider, [...many(tasks, submitted), ...many(tasks, assigned)]);
    const parts = run.parts();
    expect(parts.length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(PART_CHARS_MAX + 100);
    const before = run.digest();
    expect(run.restart().digest()).toBe(before);
  });

  it('is the same for the same tasks, whichever came first', () => {
    const of = (...tasks: number[]) => given(registryDecider, [...tasks.map(submitted), ...tasks.map(assigned)]).run.digest();
    expect(of(1, 2)).toBe(of(2, 1));
  });
});
