import { ListTasks, Plan, SendMessage, StartTask } from '@torch/contracts';
import { RequestInvalid } from '@torch/platform';
import { fitted, fittedWith, jsonObject, queryFields } from './contract.pipe';

const limits = { bodyDepthMax: 32, problemsMax: 3 };

function pointers(act: () => unknown): string[] {
  try {
    act();
  } catch (error) {
    if (error instanceof RequestInvalid) return error.problems.map(({ pointer }) => pointer);
    throw error;
  }
  throw new Error('Nothing was refused.');
}

describe('a body', () => {
  const task = { key: 'a', role: 'developer', run: 'true' };

  it('that fits its contract is taken as it is', () => {
    const plan = { tasks: [task] };
    expect(fitted(Plan, plan, limits)).toBe(plan);
  });

  it('that does not fit is refused with every problem and where it is', () => {
    const plan = {
      tasks: [
        { ...task, priority: 11 },
        { ...task, colour: 'red' },
        { key: 'b', run: 1, role: 'developer' },
      ],
    };
    expect(pointers(() => fitted(Plan, plan, limits))).toEqual(['/tasks/0/priority', '/tasks/1/colour', '/tasks/2/run']);
  });

  it('names at most the agreed number of problems and counts the rest', () => {
    const plan = { tasks: Array.from({ length: 5 }, () => ({ ...task, priority: 11 })) };
    expect(() => fitted(Plan, plan, limits)).toThrow('There are 2 more problems.');
    expect(pointers(() => fitted(Plan, plan, limits))).toHaveLength(4);
  });

  it.each([
    [{}, ['/tasks']],
    [{ tasks: 'a' }, ['/tasks']],
    [{ tasks: [[]] }, ['/tasks/0']],
    [{ tasks: [null] }, ['/tasks/0']],
    [{ tasks: [{ ...task, env: { 'a b': 'c', d: 1 } }] }, ['/tasks/0/env/a b', '/tasks/0/env/d']],
    [JSON.parse('{"tasks":[{"key":"a","role":"r","run":"t","constructor":1}]}'), ['/tasks/0/constructor']],
  ])('of the wrong shape is refused: %j', (plan, at) => {
    expect(pointers(() => fitted(Plan, plan, limits))).toEqual(at);
  });

  it('escapes the names of fields in pointers', () => {
    expect(pointers(() => fitted(SendMessage, { messageId: 'm', to: 'a', text: 't', 'x/y~z': 1 }, limits))).toEqual(['/x~1y~0z']);
  });

  it.each([[[]], ['text'], [1], [null], [true]])('that is %j is no JSON object', (body) => {
    expect(() => jsonObject(body, limits)).toThrow('must be a JSON object');
  });

  it('that is absent is an empty one', () => {
    expect(jsonObject(undefined, limits)).toEqual({});
  });

  it('of another kind is refused', () => {
    expect(() => jsonObject(Buffer.from('{}'), limits)).toThrow('must be application/json');
  });

  it('nested too deeply is refused before anybody looks into it', () => {
    const nested = (levels: number): object => (levels === 0 ? {} : { inner: nested(levels - 1) });
    expect(() => jsonObject(nested(33), limits)).toThrow('more than 32 levels');
    expect(jsonObject(nested(31), limits)).toEqual(nested(31));
  });
});

describe('fields from the path', () => {
  const fromPath = { taskId: 't1', attempt: 1, agentId: 'a1' };

  it('complete the body', () => {
    expect(fittedWith(StartTask, { assignment: 'as1' }, fromPath, limits)).toEqual({ ...fromPath, assignment: 'as1' });
  });

  it('are no fields of the body', () => {
    expect(pointers(() => fittedWith(StartTask, { taskId: 't2', assignment: 'as1' }, fromPath, limits))).toEqual(['/taskId']);
  });
});

describe('a query string', () => {
  it('is read in the kinds that its class says', () => {
    expect(queryFields(ListTasks, { limit: '10', status: 'ready', other: 'x' })).toEqual({ limit: 10, status: 'ready', other: 'x' });
  });

  it.each([
    [{ limit: 'ten' }, '/limit'],
    [{ limit: '0' }, '/limit'],
    [{ status: 'lazy' }, '/status'],
    [{ limit: ['1', '2'] }, '/limit'],
    [{ page: '1' }, '/page'],
  ])('is refused when it does not fit: %j', (query, pointer) => {
    expect(pointers(() => fitted(ListTasks, queryFields(ListTasks, query), limits))).toEqual([pointer]);
  });
});
