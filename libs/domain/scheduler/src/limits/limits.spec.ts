import type { SetLimit } from '@torch/contracts';
import { given, SPEC_START_MS } from '@torch/testing';
import { registered, resumeWork, stopWork } from '../decider.fixture';
import { schedulerDecider } from '../decider';
import { cancel, complete, fail, type ProjectRun, projectWith, refusal, settled, submit, taskIn, turn } from '../gates/gates.fixture';
import { listLimits } from './limits.reads';

const setLimit = (data: SetLimit) => ({ type: 'SetLimit', data });
const removeLimit = (scope: string, name: string) => ({ type: 'RemoveLimit', data: { scope, name } });

function limited(...limits: readonly SetLimit[]): ProjectRun {
  const run = projectWith();
  for (const limit of limits) run.decide(setLimit(limit));
  return run;
}
const limitSet = (data: SetLimit) => ({ type: 'limit.set', data: { ...data, setAtMs: SPEC_START_MS } });

describe('SetLimit', () => {
  const limit: SetLimit = { scope: 'role', name: 'developer', concurrency: 2 };

  it('sets a limit', () =>
    given(schedulerDecider)
      .when(setLimit(limit))
      .then([limitSet(limit)]));

  it('replaces what was set before, whole', () => {
    const other: SetLimit = { scope: 'role', name: 'developer', queued: 5 };
    const { run, when } = given(schedulerDecider, [limitSet(limit)]);
    when(setLimit(other)).then([limitSet(other)]);
    expect(listLimits(run.state, 0).limits).toEqual([{ ...other, inUse: 0, waiting: 0 }]);
  });

  it('changes nothing when it is set as it is', () =>
    given(schedulerDecider, [limitSet(limit)])
      .when(setLimit(limit))
      .thenNothing());

  it.each<[string, SetLimit]>([
    ['empty-limit', { scope: 'role', name: 'developer' }],
    ['unclear-limit', { scope: 'project', name: 'developer', concurrency: 1 }],
    ['unclear-limit', { scope: 'role', name: 'developer', weight: 2 }],
    ['unclear-limit', { scope: 'agent', name: '*', queued: 2 }],
    ['unclear-limit', { scope: 'semaphore', name: 'No Such Name', concurrency: 2 }],
  ])('is refused as %s: %j', (code, data) => given(schedulerDecider).when(setLimit(data)).thenRejected(code));
});

describe('RemoveLimit', () => {
  const limit: SetLimit = { scope: 'key', name: 'alice', concurrency: 2 };

  it('removes a limit', () =>
    given(schedulerDecider, [limitSet(limit)])
      .when(removeLimit('key', 'alice'))
      .then([{ type: 'limit.removed', data: { scope: 'key', name: 'alice', removedAtMs: SPEC_START_MS } }]));

  it('changes nothing when there is none', () => given(schedulerDecider).when(removeLimit('key', 'alice')).thenNothing());
});

describe('a limit of concurrency', () => {
  it.each<[string, SetLimit]>([
    ['the project', { scope: 'project', name: '*', concurrency: 1 }],
    ['a role', { scope: 'role', name: 'developer', concurrency: 1 }],
    ['each role', { scope: 'role', name: '*', concurrency: 1 }],
    ['a key', { scope: 'key', name: 'alice', concurrency: 1 }],
    ['each key', { scope: 'key', name: '*', concurrency: 1 }],
    ['a semaphore', { scope: 'semaphore', name: 'staging', concurrency: 1 }],
    ['each semaphore', { scope: 'semaphore', name: '*', concurrency: 1 }],
  ])('of %s lets one task run after the other', (_of, limit) => {
    const run = limited(limit);
    const spec = { fairnessKey: 'alice', ...(limit.scope === 'semaphore' ? { semaphores: ['staging'] } : {}) };
    expect(submit(run, { a: spec, b: spec, c: spec })).toEqual(['a']);
    complete(run, 'a');
    expect(settled(run)).toEqual(['b']);
    cancel(run, 'b');
    expect(settled(run)).toEqual(['c']);
  });

  it('of each agent holds below its capacity', () => {
    const run = projectWith({ agents: 0 }).happened(registered('agent-1', { capacity: 3 }));
    run.decide(setLimit({ scope: 'agent', name: '*', concurrency: 2 }));
    expect(submit(run, { a: {}, b: {}, c: {} })).toEqual(['a', 'b']);
    run.decide(setLimit({ scope: 'agent', name: 'agent-1', concurrency: 3 }));
    expect(settled(run)).toEqual(['c']);
  });

  it('holds back only what counts against it', () => {
    const run = limited({ scope: 'key', name: 'alice', concurrency: 1 });
    expect(submit(run, { a: { fairnessKey: 'alice' }, b: { fairnessKey: 'alice' }, c: { fairnessKey: 'bob' } })).toEqual(['a', 'c']);
  });

  it('of a name goes before that for all, and is not mixed with it', () => {
    const run = limited({ scope: 'key', name: '*', concurrency: 1 }, { scope: 'key', name: 'alice', weight: 2 });
    const assigned = submit(run, { a: { fairnessKey: 'alice' }, b: { fairnessKey: 'alice' }, c: {}, d: {} });
    expect([...assigned].sort()).toEqual(['a', 'b', 'c']);
  });

  it('of zero holds everything until it is raised or removed', () => {
    const run = limited({ scope: 'role', name: 'developer', concurrency: 0 });
    expect(submit(run, { a: {}, b: {} })).toEqual([]);
    run.decide(setLimit({ scope: 'role', name: 'developer', concurrency: 1 }));
    expect(settled(run)).toEqual(['a']);
    run.decide(removeLimit('role', 'developer'));
    expect(settled(run)).toEqual(['b']);
  });

  it('that is set while tasks run counts those', () => {
    const run = projectWith();
    expect(submit(run, { a: {}, b: {} })).toEqual(['a', 'b']);
    run.decide(setLimit({ scope: 'project', name: '*', concurrency: 2 }));
    run.restart();
    expect(submit(run, { c: {} }, 'run-2')).toEqual([]);
    fail(run, 'a', 'permanent');
    expect(settled(run)).toEqual(['c']);
  });

  it('of several semaphores is taken all at once, or not at all', () => {
    const run = limited({ scope: 'semaphore', name: '*', concurrency: 1 });
    const specs = { a: { semaphores: ['db'] }, b: { semaphores: ['db', 'web'] }, c: { semaphores: ['web'] } };
    expect(submit(run, specs)).toEqual(['a', 'c']);
    complete(run, 'c');
    expect(settled(run)).toEqual([]);
    complete(run, 'a');
    expect(settled(run)).toEqual(['b']);
  });
});

describe('a rate', () => {
  it('lets its burst start at once, and the next ones as credit comes', () => {
    const run = limited({ scope: 'key', name: '*', rate: { tasks: 2, perMs: 1000 } });
    expect(submit(run, { a: {}, b: {}, c: {} })).toEqual(['a', 'b']);
    expect(run.dueAtMs()).toBe(SPEC_START_MS + 500);
    expect(turn(run, SPEC_START_MS + 499)).toEqual([]);
    turn(run, SPEC_START_MS + 500);
    expect(taskIn(run, 'c').status).toBe('assigned');
  });

  it('saves up no more than its burst', () => {
    const run = limited({ scope: 'project', name: '*', rate: { tasks: 10, perMs: 1000, burst: 1 } });
    turn(run, SPEC_START_MS + 3_600_000);
    expect(submit(run, { a: {}, b: {} })).toEqual(['a']);
    turn(run, SPEC_START_MS + 3_600_100);
    expect(taskIn(run, 'b').status).toBe('assigned');
  });

  it('is remembered over a restart', () => {
    const run = limited({ scope: 'role', name: 'developer', rate: { tasks: 1, perMs: 60_000 } });
    submit(run, { a: {}, b: {} });
    complete(run, 'a');
    run.restart();
    expect(settled(run)).toEqual([]);
    turn(run, SPEC_START_MS + 60_000);
    expect(taskIn(run, 'b').status).toBe('assigned');
  });

  it('of an agent keeps the agent, and not the task', () => {
    const run = limited({ scope: 'agent', name: '*', rate: { tasks: 1, perMs: 60_000 } });
    expect(submit(run, { a: {}, b: {}, c: {} })).toHaveLength(3);
    for (const key of ['a', 'b', 'c']) complete(run, key);
    run.happened(registered('agent-4'));
    expect(submit(run, { d: {}, e: {} }, 'run-2')).toEqual(['d']);
    expect(taskIn(run, 'd', 'run-2').agentId).toBe('agent-4');
  });

  it('that is lowered leaves what was left', () => {
    const run = limited({ scope: 'project', name: '*', rate: { tasks: 2, perMs: 1000 } });
    submit(run, { a: {}, b: {}, c: {} });
    run.decide(setLimit({ scope: 'project', name: '*', rate: { tasks: 1, perMs: 10_000 } }));
    expect(settled(run)).toEqual([]);
    expect(turn(run, SPEC_START_MS + 9_999)).toEqual([]);
    turn(run, SPEC_START_MS + 10_000);
    expect(taskIn(run, 'c').status).toBe('assigned');
  });
});

describe('a queue limit', () => {
  const full = (run: ProjectRun, count: number, part = {}) => {
    const tasks = Array.from({ length: count }, (_, i) => ({ ...baseTask(`q${i}`), ...part }));
    return refusal(run, { type: 'SubmitRun', data: { runId: 'run-9', tasks } });
  };
  const baseTask = (key: string) => {
    const needed = { role: 'developer', skills: [], prefer: [], run: 'true', dependsOn: [], priority: 5, timeoutMs: 60_000, retries: 0 };
    return { ...needed, taskId: `run-9.${key}`, key, title: key };
  };

  it.each<[string, SetLimit, object]>([
    ['the project', { scope: 'project', name: '*', queued: 2 }, {}],
    ['a role', { scope: 'role', name: 'developer', queued: 2 }, {}],
    ['each key', { scope: 'key', name: '*', queued: 2 }, {}],
    ['a semaphore', { scope: 'semaphore', name: 'db', queued: 2 }, { semaphores: ['db'] }],
  ])('of %s refuses a run that would pass it, whole', (_of, limit, part) => {
    const run = limited(limit);
    expect(full(run, 3, part)).toBe('open-tasks-limit');
    submit(run, { a: part });
    expect(full(run, 2, part)).toBe('open-tasks-limit');
    expect(run.state.openTasks).toBe(1);
    complete(run, 'a');
    expect(full(run, 2, part)).toBeUndefined();
  });
});

describe('an unknown semaphore', () => {
  it('is refused at submission, and known once it has a limit', () => {
    const run = projectWith();
    expect(() => submit(run, { a: { semaphores: ['db'] } })).toThrow(/"db" in "semaphores"/);
    run.decide(setLimit({ scope: 'semaphore', name: 'db', concurrency: 1 }));
    expect(submit(run, { a: { semaphores: ['db'] } })).toEqual(['a']);
  });
});

describe('stopped work', () => {
  it('assigns nothing until it is resumed', () => {
    const run = projectWith();
    run.decide(stopWork());
    expect(submit(run, { a: {} })).toEqual([]);
    run.restart();
    expect(settled(run)).toEqual([]);
    run.decide(resumeWork());
    expect(settled(run)).toEqual(['a']);
  });

  it('is stopped once, and resumed once', () => {
    const run = projectWith();
    expect(run.decide(resumeWork())).toEqual([]);
    expect(run.decide(stopWork())).toHaveLength(1);
    expect(run.decide(stopWork('again'))).toEqual([]);
    expect(listLimits(run.state, 0)).toEqual({ limits: [], stopped: true, stopReason: 'enough for today' });
  });
});

describe('listLimits', () => {
  it('says what is in use and what is held back', () => {
    const run = limited(
      { scope: 'key', name: '*', concurrency: 1 },
      { scope: 'role', name: 'developer', concurrency: 2 },
      { scope: 'project', name: '*', concurrency: 9 },
      { scope: 'agent', name: '*', concurrency: 1 },
    );
    submit(run, { a: {}, b: {}, c: { fairnessKey: 'alice' }, d: {} });
    const shown = listLimits(run.state, run.nowMs).limits.map(({ scope, inUse, waiting }) => [scope, inUse, waiting]);
    expect(shown).toEqual([
      ['agent', 2, 0],
      ['key', 2, 2],
      ['project', 2, 0],
      ['role', 2, 2],
    ]);
  });
});
