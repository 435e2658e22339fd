import { InvariantViolation } from '@torch/kernel';
import { Plan } from './plan/plan';
import { RegisterAgent } from './registry/registry.commands';
import { FailTask } from './scheduler/scheduler.commands';
import { assertFits, fieldProblem } from './validate';

const agent = { agentId: 'a1', role: 'developer', skills: [], harness: 'exec', instance: 'i1' };
const plan = { tasks: [{ key: 'one', role: 'developer', run: 'true' }] };

describe('a value that does not fit its contract', () => {
  it.each([
    ['an unknown field', { ...agent, skils: [] }, '/skils', '"skils" is not a known field.'],
    ['an unknown field that needs escaping', { ...agent, 'a/b~c': 1 }, '/a~1b~0c', '"a/b~c" is not a known field.'],
    ['a missing field', { ...agent, role: undefined }, '/role', '"role" is missing.'],
    ['a wrong type', { ...agent, pid: '7' }, '/pid', '"pid" must be integer.'],
    ['a number below its minimum', { ...agent, capacity: 0 }, '/capacity', '"capacity" must be >= 1.'],
    ['null for an optional field', { ...agent, node: null }, '/node', '"node" must be string.'],
    ['a wrong element of a list', { ...agent, skills: ['ts', 'Not A Name'] }, '/skills/1', '"skills.1" must match pattern'],
    ['no object at all', 'agent', '', 'The body must be object.'],
    ['a list in its place', [], '', 'The body must be object.'],
    ['an unknown field called constructor', { ...agent, constructor: 1 }, '/constructor', '"constructor" is not a known field.'],
    [
      'an unknown field called hasOwnProperty',
      { ...agent, hasOwnProperty: 1 },
      '/hasOwnProperty',
      '"hasOwnProperty" is not a known field.',
    ],
  ])('is told by %s', (_what, value, pointer, message) => {
    const problem = fieldProblem(RegisterAgent, value);
    expect(problem?.pointer.startsWith(pointer)).toBe(true);
    expect(problem?.message).toContain(message);
  });

  it('names the values that a field may have', () => {
    const failure = { taskId: 't', attempt: 1, assignment: 'as', agentId: 'a', class: 'whatever', reason: 'timeout', message: '' };
    expect(fieldProblem(FailTask, failure)).toEqual({
      pointer: '/class',
      message: '"class" must be one of retryable, permanent, rate-limited, budget.',
    });
  });

  it('names a field of a nested contract by its path', () => {
    const bad = { tasks: [plan.tasks[0], { key: 'two', role: 'developer', run: 'true', timeout: '5 minutes' }] };
    const problem = fieldProblem(Plan, bad);
    expect(problem?.pointer).toBe('/tasks/1/timeout');
    expect(problem?.message).toContain('"tasks.1.timeout" must match pattern');
  });

  it('names a variable whose name does not fit', () => {
    const problem = fieldProblem(Plan, { tasks: [{ ...plan.tasks[0], env: { OK: '1', '2BAD': '2' } }] });
    expect(problem?.pointer).toBe('/tasks/0/env/2BAD');
    expect(problem?.message).toContain('"tasks.0.env.2BAD" has a name that does not fit: it must match pattern');
  });

  it('is an invariant violation where it had been checked before', () => {
    expect(() => assertFits(RegisterAgent, { ...agent, role: 7 }, 'Event 0/1-0/0')).toThrow(InvariantViolation);
    expect(() => assertFits(RegisterAgent, { ...agent, role: 7 }, 'Event 0/1-0/0')).toThrow(
      'Event 0/1-0/0 does not fit RegisterAgent: "role" must be string.',
    );
  });
});

describe('a value that fits', () => {
  it('has no problem, and is left as it is', () => {
    const before = structuredClone(agent);
    expect(fieldProblem(RegisterAgent, agent)).toBeUndefined();
    expect(agent).toEqual(before);
    expect(fieldProblem(Plan, plan)).toBeUndefined();
  });
});
