import type { UsageGroup } from '@torch/contracts';
import { SPEC_START_MS } from '@torch/testing';
import { schedulerDeciderWith } from '../decider';
import { complete, fail, progress, type ProjectRun, projectWith, submit, taskIn } from '../gates/gates.fixture';
import { getUsage, USAGE_PAGE_DEFAULT } from './budgets.reads';
import { OTHERS } from './usage-totals';

const usageBy = (run: ProjectRun, by: UsageGroup) => getUsage(run.state, { by }, run.nowMs).totals;
const namesBy = (run: ProjectRun, by: UsageGroup) => usageBy(run, by).map(({ name }) => name);

function used(): ProjectRun {
  const run = projectWith();
  submit(run, { a: {}, b: {} });
  progress(run, 'a', { inputTokens: 10, costUsd: 0.5, model: 'small' });
  run.at(SPEC_START_MS + 1000);
  complete(run, 'a', { usage: { inputTokens: 10, outputTokens: 5, costUsd: 0.75, model: 'large' } });
  progress(run, 'b', { outputTokens: 100 });
  return run;
}

describe('what was used', () => {
  it('is counted once, in every group', () => {
    const run = used();
    const total = { name: 'project', inputTokens: 10, outputTokens: 105, costUsd: 0.75, wallMs: 2000, attempts: 2 };
    expect(usageBy(run, 'project')).toEqual([total]);
    expect(usageBy(run, 'role')).toEqual([{ ...total, name: 'developer' }]);
    expect(usageBy(run, 'run')).toEqual([{ ...total, name: 'run-1' }]);
    expect(usageBy(run, 'day')).toEqual([{ ...total, name: '1970-01-01' }]);
  });

  it('is told apart by task, agent and model, the dearest first', () => {
    const run = used();
    expect(namesBy(run, 'task')).toEqual(['run-1.a', 'run-1.b']);
    expect(namesBy(run, 'agent')).toEqual([taskIn(run, 'a').agentId, taskIn(run, 'b').agentId]);
    expect(usageBy(run, 'model').map(({ name, costUsd, attempts }) => [name, costUsd, attempts])).toEqual([
      ['small', 0.5, 0],
      ['large', 0.25, 1],
      ['(unknown)', 0, 1],
    ]);
  });

  it('includes the time of live attempts, up to now', () => {
    const run = used().at(SPEC_START_MS + 3000);
    expect(usageBy(run, 'project')[0]?.wallMs).toBe(4000);
    fail(run, 'b', 'permanent');
    expect(usageBy(run.at(SPEC_START_MS + 9000), 'project')[0]?.wallMs).toBe(4000);
  });

  it('is the same after a restart', () => {
    const run = used();
    const before = usageBy(run, 'model');
    expect(usageBy(run.restart(), 'model')).toEqual(before);
  });

  it('is answered in pages', () => {
    expect(getUsage(used().state, { by: 'task', limit: 1 }, SPEC_START_MS).totals).toHaveLength(1);
    expect(USAGE_PAGE_DEFAULT).toBeLessThanOrEqual(1000);
  });

  it('of more names than are kept is added up under the others', () => {
    const run = projectWith({ decider: schedulerDeciderWith({ usageGroupsMax: 3 }) });
    const keys = ['a', 'b', 'c', 'd', 'e'];
    submit(run, Object.fromEntries(keys.map((key) => [key, {}])));
    for (const key of keys) {
      complete(run, key, { usage: { inputTokens: 1 } });
      run.settle();
    }
    const totals = usageBy(run, 'task');
    expect(totals.map(({ name }) => name).sort()).toEqual([OTHERS, 'run-1.d', 'run-1.e']);
    expect(totals.find(({ name }) => name === OTHERS)).toMatchObject({ inputTokens: 3, attempts: 3 });
  });
});
