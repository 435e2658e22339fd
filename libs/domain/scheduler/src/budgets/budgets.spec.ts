import type { Amounts, BudgetExhausted, BudgetScope } from '@torch/contracts';
import { given, SPEC_START_MS } from '@torch/testing';
import { registered, stopWork } from '../decider.fixture';
import { schedulerDecider } from '../decider';
import {
  assignedIn,
  complete,
  fail,
  found,
  progress,
  type ProjectRun,
  projectWith,
  refusal,
  settled,
  settledEvents,
  start,
  submit,
  taskIn,
  turn,
  typesOf,
} from '../gates/gates.fixture';
import { DAY_MS, midnightBefore } from './account';
import { listBudgets } from './budgets.reads';

const setBudget = (scope: BudgetScope, limit: Amounts, name?: string) => ({
  type: 'SetBudget',
  data: { scope, limit, ...(name === undefined ? {} : { name }) },
});
const withBudget = (scope: BudgetScope, limit: Amounts, name?: string): ProjectRun => {
  const run = projectWith();
  run.decide(setBudget(scope, limit, name));
  return run;
};
const STOPPED = ['budget.exhausted', 'task.attempt-failed', 'task.failed'];

describe('SetBudget', () => {
  const set = { type: 'budget.set', data: { scope: 'day', limit: { costUsd: 5 }, setAtMs: SPEC_START_MS } };

  it('sets a budget', () =>
    given(schedulerDecider)
      .when(setBudget('day', { costUsd: 5 }))
      .then([set]));
  it('changes nothing when it is set as it is', () =>
    given(schedulerDecider, [set])
      .when(setBudget('day', { costUsd: 5 }))
      .thenNothing());
  it('takes a budget away with an empty limit, once', () => {
    const { run, when } = given(schedulerDecider, [set]);
    when(setBudget('day', {})).then([{ ...set, data: { ...set.data, limit: {} } }]);
    expect(listBudgets(run.state, 0).budgets).toEqual([]);
    expect(run.decide(setBudget('day', {}))).toEqual([]);
  });
  it('needs a name for agents', () =>
    given(schedulerDecider)
      .when(setBudget('agent', { tokens: 1 }))
      .thenRejected('unclear-budget'));
  it('has no name for the day', () =>
    given(schedulerDecider)
      .when(setBudget('day', { tokens: 1 }, 'x'))
      .thenRejected('unclear-budget'));
});

describe('an estimate', () => {
  it.each<[string, Amounts, Amounts]>([
    ['tokens', { tokens: 100 }, { tokens: 60 }],
    ['money', { costUsd: 1 }, { costUsd: 0.6 }],
    ['time', { wallMs: 100_000 }, { wallMs: 60_000 }],
  ])('of %s is reserved before a task is assigned', (_of, limit, estimate) => {
    const run = withBudget('project', limit);
    expect(submit(run, { a: { estimate }, b: { estimate } })).toEqual(['a']);
    complete(run, 'a');
    expect(settled(run)).toEqual(['b']);
  });

  it('that is too large for what is left lets smaller ones go first', () => {
    const run = withBudget('project', { tokens: 100 });
    expect(submit(run, { a: { estimate: { tokens: 101 } }, b: { estimate: { tokens: 70 } }, c: { estimate: { tokens: 30 } } })).toEqual([
      'b',
      'c',
    ]);
    run.decide(setBudget('project', { tokens: 201 }));
    expect(settled(run)).toEqual(['a']);
  });

  it('stays reserved over a restart, and what is left of it does', () => {
    const run = withBudget('project', { tokens: 100 });
    submit(run, { a: { estimate: { tokens: 60 } } });
    progress(run, 'a', { inputTokens: 10, outputTokens: 20 });
    expect(listBudgets(run.restart().state, run.nowMs).budgets[0]).toMatchObject({ used: { tokens: 30 }, reserved: { tokens: 30 } });
    expect(submit(run, { b: { estimate: { tokens: 41 } }, c: { estimate: { tokens: 40 } } }, 'run-2')).toEqual(['c']);
  });

  it('above the budget of its own task is refused at submission', () => {
    const tasks = { a: { estimate: { costUsd: 2 }, budget: { costUsd: 1 } } };
    expect(() => submit(projectWith(), tasks)).toThrow('Task "a" has an "estimate" of 2 of 1 USD');
  });

  it('of an agent counts against that agent', () => {
    const run = withBudget('agent', { tokens: 100 }, 'agent-1');
    const estimate = { tokens: 101 };
    expect(submit(run, { a: { estimate }, b: { estimate }, c: { estimate } })).toEqual(['a', 'b']);
    run.decide(setBudget('agent', { tokens: 101 }, '*'));
    expect(settled(run)).toEqual([]);
    run.decide(setBudget('agent', {}, 'agent-1'));
    expect(settled(run)).toEqual(['c']);
  });
});

describe('a report of usage', () => {
  it('counts since the attempt began, so that a repeated or smaller one counts nothing', () => {
    const run = withBudget('project', { tokens: 100 });
    submit(run, { a: {} });
    for (const inputTokens of [40, 40, 10, 50]) progress(run, 'a', { inputTokens });
    expect(listBudgets(run.state, run.nowMs).budgets[0]?.used.tokens).toBe(50);
  });

  it('that passes the limit stops the attempt, and fails the task, in the same decision', () => {
    const run = withBudget('project', { costUsd: 1 });
    submit(run, { a: { retries: 5 } });
    start(run, 'a');
    const events = progress(run, 'a', { costUsd: 1.25 });
    expect(typesOf(events)).toEqual(['task.progressed', ...STOPPED]);
    expect(found<BudgetExhausted>(events, 'budget.exhausted')[0]).toMatchObject({
      scope: 'project',
      used: { costUsd: 1.25 },
      limit: { costUsd: 1 },
    });
    expect(taskIn(run, 'a')).toMatchObject({ status: 'failed', reason: 'budget: The budget of the project is exhausted: 1.25 of 1 USD.' });
  });

  it('that takes what is reserved for another stops the attempt that made it, and not the other', () => {
    const run = withBudget('project', { tokens: 100 });
    submit(run, { a: { estimate: { tokens: 40 } }, b: { estimate: { tokens: 50 } } });
    expect(typesOf(progress(run, 'a', { inputTokens: 50 }))).toEqual(['task.progressed']);
    expect(typesOf(progress(run, 'a', { inputTokens: 51 }))).toEqual(['task.progressed', ...STOPPED]);
    expect(typesOf(progress(run, 'b', { inputTokens: 49 }))).toEqual(['task.progressed']);
  });

  it('of an agent with a budget stops that agent’s attempt', () => {
    const run = withBudget('agent', { tokens: 10 }, '*');
    submit(run, { a: {}, b: {} });
    progress(run, 'a', { inputTokens: 10 });
    const exhausted = found<BudgetExhausted>(progress(run, 'b', { inputTokens: 11 }), 'budget.exhausted');
    expect(exhausted).toMatchObject([{ scope: 'agent', name: taskIn(run, 'b').agentId, taskId: 'run-1.b' }]);
  });

  it('leaves a plain command alone when others have overdrawn the budget, and holds new ones', () => {
    const run = withBudget('project', { tokens: 10 });
    submit(run, { a: {}, b: {}, c: { estimate: { tokens: 1 } } });
    complete(run, 'a', { usage: { inputTokens: 11 } });
    expect(typesOf(settledEvents(run)).filter((type) => type !== 'demand.changed')).toEqual(STOPPED);
    expect([taskIn(run, 'a').status, taskIn(run, 'b').status, taskIn(run, 'c').status]).toEqual(['completed', 'assigned', 'failed']);
    expect(submit(run, { d: {} }, 'run-2')).toEqual([]);
  });
});

describe('a budget of time', () => {
  it('stops every attempt that counts against it when it has run out, by the clock alone', () => {
    const run = withBudget('project', { wallMs: 60_000 });
    submit(run, { a: { timeoutMs: 600_000 }, b: { timeoutMs: 600_000 } });
    for (const key of ['a', 'b']) start(run, key);
    expect(run.restart().dueAtMs()).toBe(SPEC_START_MS + 30_000);
    expect(turn(run, SPEC_START_MS + 29_999)).toEqual([]);
    const events = turn(run, SPEC_START_MS + 30_000);
    expect(typesOf(events).filter((type) => type === 'budget.exhausted')).toHaveLength(2);
    expect([taskIn(run, 'a').status, taskIn(run, 'b').status]).toEqual(['failed', 'failed']);
    expect(submit(run, { c: {} }, 'run-2')).toEqual([]);
  });

  it('of a day begins anew at midnight, UTC', () => {
    const midnight = midnightBefore(SPEC_START_MS) + DAY_MS;
    const run = projectWith().at(midnight - 10_000);
    run.decide(setBudget('day', { wallMs: 20_000 }));
    submit(run, { a: {} });
    start(run, 'a');
    expect(run.dueAtMs()).toBe(midnight + 20_000);
    turn(run, midnight + 20_000);
    expect(taskIn(run, 'a').status).toBe('failed');
    expect(submit(run, { b: {} }, 'run-2')).toEqual([]);
    expect(run.dueAtMs()).toBe(midnight + DAY_MS);
    expect(assignedIn(turn(run, midnight + DAY_MS))).toEqual(['b']);
  });

  it('that is lowered below what is used stops what runs', () => {
    const run = withBudget('project', { wallMs: 60_000 });
    submit(run, { a: {} });
    run.at(SPEC_START_MS + 10_000).decide(setBudget('project', { wallMs: 5000 }));
    expect(typesOf(settledEvents(run)).slice(0, 3)).toEqual(STOPPED);
  });
});

describe('the budget of a task', () => {
  it('is for all its attempts: one that cannot be paid for is not begun', () => {
    const run = projectWith();
    submit(run, { a: { budget: { tokens: 100 }, estimate: { tokens: 60 } } });
    progress(run, 'a', { inputTokens: 50 });
    fail(run, 'a');
    expect(typesOf(settledEvents(run))).toEqual(['task.failed', 'run.ended']);
    expect(taskIn(run, 'a').reason).toMatch(/^budget: /);
  });

  it('is there again, whole, when somebody asks for a retry', () => {
    const run = projectWith();
    submit(run, { a: { budget: { tokens: 100 } } });
    progress(run, 'a', { inputTokens: 101 });
    expect(taskIn(run, 'a').status).toBe('failed');
    run.decide({ type: 'RetryTask', data: { taskId: 'run-1.a' } });
    expect(settled(run)).toEqual(['a']);
    expect(typesOf(progress(run, 'a', { inputTokens: 100 }))).toEqual(['task.progressed']);
  });

  it('lasts over a restart between two attempts', () => {
    const run = projectWith();
    submit(run, { a: { budget: { tokens: 100 } } });
    progress(run, 'a', { inputTokens: 60 });
    fail(run, 'a');
    run.restart();
    turn(run, run.dueAtMs());
    expect(typesOf(progress(run, 'a', { inputTokens: 41 }))).toEqual(['task.progressed', ...STOPPED]);
  });

  it('that is spent fails the task even while work is stopped', () => {
    const run = projectWith();
    submit(run, { a: { budget: { tokens: 100 } } });
    progress(run, 'a', { inputTokens: 100 });
    run.decide(stopWork());
    settledEvents(run);
    expect(taskIn(run, 'a').status).toBe('failed');
  });
});

describe('a metered task', () => {
  const metered = { metered: true, estimate: { tokens: 40, costUsd: 2 } };

  it('whose agent reported nothing fails, and counts as its estimate', () => {
    const run = withBudget('project', { tokens: 100 });
    submit(run, { a: { ...metered, retries: 5 } });
    expect(typesOf(complete(run, 'a'))).toEqual(['task.attempt-failed', 'task.failed']);
    expect(taskIn(run, 'a').reason).toMatch('reported no usage');
    expect(listBudgets(run.state, run.nowMs).budgets[0]).toMatchObject({ used: { tokens: 40, costUsd: 2 }, reserved: { tokens: 0 } });
  });

  it.each([
    ['with its result', (run: ProjectRun) => complete(run, 'a', { usage: { inputTokens: 7, costUsd: 0 } })],
    ['before', (run: ProjectRun) => [progress(run, 'a', { inputTokens: 7, costUsd: 0 }), complete(run, 'a')]],
  ])('whose agent reported %s counts as that', (_when, report) => {
    const run = withBudget('project', { tokens: 100 });
    submit(run, { a: metered });
    report(run);
    expect(taskIn(run, 'a').status).toBe('completed');
    expect(listBudgets(run.state, run.nowMs).budgets[0]?.used).toMatchObject({ tokens: 7, costUsd: 0 });
  });

  it('counts as its estimate in what nobody told, and when its agent is lost', () => {
    const run = withBudget('project', { tokens: 1000 });
    submit(run, { a: metered, b: metered });
    complete(run, 'a', { usage: { inputTokens: 7 } });
    run.happened(registered(taskIn(run, 'b').agentId as string, { instance: 'another' }));
    run.decide({ type: 'ReleaseAgent', data: { agentId: taskIn(run, 'b').agentId, reason: 'agent-gone' } });
    expect(listBudgets(run.state, run.nowMs).budgets[0]?.used).toMatchObject({ tokens: 47, costUsd: 4 });
  });

  it('needs an estimate', () => {
    const spec = { taskId: 'run-1.a', key: 'a', title: 'a', role: 'developer', skills: [], prefer: [], run: 'true', dependsOn: [] };
    const tasks = [{ ...spec, priority: 5, timeoutMs: 60_000, retries: 0, metered: true }];
    expect(refusal(projectWith(), { type: 'SubmitRun', data: { runId: 'run-1', tasks } })).toBe('estimate-missing');
  });
});
