import { completeTask, failTask, registered, told } from '../decider.fixture';
import { assigned, runWith, submit } from '../order/order.fixture';

const draining = (agentId: string) => ({ type: 'agent.draining', data: { agentId, reason: 'update', drainingAtMs: 1 } });
const paused = (agentId: string, part: object = {}) => ({ type: 'agent.paused', data: { agentId, pausedAtMs: 1, ...part } });
const updated = (agentId: string, part: object) => ({ type: 'agent.updated', data: { agentId, updatedAtMs: 1, ...part } });

describe('a required skill', () => {
  it('is to be there at its level, or above', () => {
    const run = runWith(['bare', { skills: ['ts'] }], ['two', { skills: ['ts:2'] }], ['four', { skills: ['go', 'ts:4'] }]);
    submit(run, ['a', 'b'], { skills: ['ts:3'] });
    expect(assigned(run)).toEqual(['a → four']);
  });

  it('without a level is met by any level', () => {
    const run = runWith(['four', { skills: ['ts:4'] }]);
    submit(run, ['a'], { skills: ['ts'] });
    expect(assigned(run)).toEqual(['a → four']);
  });

  it('counts once, at its highest level, however often it is named', () => {
    const run = runWith(['two', { skills: ['ts:2', 'ts'], capacity: 2 }]);
    submit(run, ['a'], { skills: ['ts', 'ts:2'] });
    submit(run, ['b'], { skills: ['ts:2'] });
    run.settle();
    expect([...(run.state.matching.roles.get('developer')?.demands.keys() ?? [])]).toEqual(['ts:2']);
  });
});

describe('labels', () => {
  it('are all to be there, with these texts', () => {
    const run = runWith(['eu', { labels: { region: 'eu', disk: 'ssd' } }], ['us', { labels: { region: 'us', disk: 'ssd' } }], ['none']);
    submit(run, ['a', 'b'], { labels: { region: 'us' } });
    expect(assigned(run)).toEqual(['a → us']);
    expect(told(run.settle())).toEqual([]);
  });

  it('are told with the demand, and kept by a snapshot', () => {
    const run = runWith(['none']);
    submit(run, ['a'], { labels: { region: 'us' } });
    expect(run.settle()).toMatchObject([{ type: 'demand.changed', data: { labels: { region: 'us' }, waiting: 1, fittingAgents: 0 } }]);
    expect(run.restart().settle()).toEqual([]);
  });
});

describe('an agent', () => {
  it('gets nothing new while it drains, and finishes what it has', () => {
    const run = runWith(['agent-1', { capacity: 2 }]);
    submit(run, ['a']);
    run.settle();
    run.happened(draining('agent-1'));
    submit(run, ['b']);
    expect(assigned(run)).toEqual([]);
    expect(told(run.decide(completeTask('a')))).toEqual(['task.completed run-1.a']);
    expect(assigned(run.restart())).toEqual([]);
    run.happened(registered('agent-1', { capacity: 2 }));
    expect(assigned(run)).toEqual(['b → agent-1']);
  });

  it('gets nothing new while it is paused, until it is told otherwise', () => {
    const run = runWith(['agent-1']).happened(paused('agent-1', { pause: 'blocked-on-human' }));
    submit(run, ['a']);
    expect(assigned(run.restart())).toEqual([]);
    expect(run.dueAtMs()).toBe(Infinity);
    run.happened(paused('agent-1'));
    expect(assigned(run)).toEqual(['a → agent-1']);
  });

  it('gets work again by itself when its pause is over', () => {
    const run = runWith(['agent-1']);
    const untilMs = run.nowMs + 5000;
    run.happened(paused('agent-1', { pause: 'rate-limited', untilMs }));
    submit(run, ['a']);
    expect(assigned(run)).toEqual([]);
    expect(run.dueAtMs()).toBe(untilMs);
    expect(run.restart().dueAtMs()).toBe(untilMs);
    run.passTo(untilMs);
    expect(assigned(run)).toEqual(['a → agent-1']);
  });

  it('is not paused any more as another instance', () => {
    const run = runWith(['agent-1']).happened(paused('agent-1', { pause: 'blocked-on-human' }));
    run.happened(registered('agent-1', { instance: 'agent-1/2' }));
    submit(run, ['a']);
    expect(assigned(run)).toEqual(['a → agent-1']);
  });

  it('is matched by what it can do now', () => {
    const run = runWith(['agent-1', { skills: ['go'] }]);
    submit(run, ['a', 'b'], { skills: ['ts:2'], labels: { disk: 'ssd' } });
    expect(assigned(run)).toEqual([]);
    run.happened(updated('agent-1', { skills: ['ts:2'] }));
    expect(assigned(run)).toEqual([]);
    run.happened(updated('agent-1', { labels: { disk: 'ssd' }, capacity: 2 }));
    expect(assigned(run.restart())).toEqual(['a → agent-1', 'b → agent-1']);
  });
});

describe('a task that is not for an agent of another task', () => {
  it('goes to somebody else, or waits', () => {
    const run = runWith(['agent-1'], ['agent-2', { role: 'other' }]);
    submit(run, ['a']);
    run.settle();
    run.decide(completeTask('a'));
    submit(run, ['review', 'second'], { affinity: { notAgentOf: ['run-1.a'] } });
    submit(run, ['c']);
    expect(assigned(run)).toEqual(['c → agent-1']);
    expect(assigned(run.restart())).toEqual([]);
    run.happened(registered('agent-2'));
    expect(assigned(run)).toEqual(['review → agent-2']);
    run.decide(completeTask('c', { agentId: 'agent-1' }));
    expect(assigned(run)).toEqual([]);
    run.decide(completeTask('review', { agentId: 'agent-2' }));
    expect(assigned(run)).toEqual(['second → agent-2']);
  });

  it('keeps away from the agents of all its attempts', () => {
    const run = runWith(['agent-1']);
    submit(run, ['a'], { retries: 3 });
    run.settle();
    run.decide(failTask('a'));
    run.happened({ type: 'agent.deregistered', data: { agentId: 'agent-1', reason: 'done', deregisteredAtMs: 5 } }, registered('agent-2'));
    run.passTo(run.dueAtMs());
    expect(assigned(run)).toEqual(['a → agent-2']);
    run.decide(completeTask('a', { attempt: 2, agentId: 'agent-2' }));
    submit(run, ['review'], { affinity: { notAgentOf: ['run-1.a'] } });
    run.happened(registered('agent-1'));
    expect(assigned(run.restart())).toEqual([]);
    run.happened(registered('agent-3'));
    expect(assigned(run)).toEqual(['review → agent-3']);
  });
});
