import { given } from '@torch/testing';
import { spawnerDeciderWith } from './spawner.decider';
import { NOW_MS, defined, demand, exited, quarantined, ready, requested, spawned, spawner, started, stopping } from './history.fixture';
import { SPAWNER_LIMITS } from './spawner.state';

describe('demand', () => {
  it('starts an agent for each waiting task, up to the most that the pool may have', () => {
    spawner(defined(), demand(1))
      .whenSettled()
      .then([
        {
          type: 'agent.spawn-requested',
          data: {
            agentId: 'developer-id1',
            poolId: 'p1',
            spawnId: 'id-2',
            reason: 'Tasks for role "developer" that no agent can take: 1.',
            requestedAtMs: NOW_MS,
          },
        },
      ]);
    expect(started(defined(), demand(2))).toHaveLength(2);
    expect(started(defined(), demand(9))).toHaveLength(3);
    expect(started(defined('p1', { capacity: 4 }), demand(9))).toHaveLength(3);
    expect(started(defined('p1', { capacity: 4 }), demand(8))).toHaveLength(2);
    expect(started(defined(), demand(2), demand(0))).toEqual([]);
  });

  it('starts nobody who cannot do the work', () => {
    expect(started(defined(), demand(1, { role: 'specialist' }))).toEqual([]);
    expect(started(defined(), demand(1, { skills: ['ts'] }))).toEqual(['p1']);
    expect(started(defined(), demand(1, { skills: ['go', 'ts'] }))).toEqual([]);
  });

  it('goes on to the next pool when one is full, pausing or in quarantine', () => {
    expect(started(defined('p1', { max: 1 }), defined('p2'), demand(2))).toEqual(['p1', 'p2']);
    expect(started(defined('p1'), defined('p2'), requested(), exited('a1', { retryAtMs: NOW_MS + 1 }), demand(1))).toEqual(['p2']);
    expect(started(defined('p1'), defined('p2'), quarantined, demand(1))).toEqual(['p2']);
  });

  it('counts on agents that are on their way, and on none that is stopping', () => {
    expect(started(defined(), demand(2), requested())).toEqual(['p1']);
    expect(started(defined(), demand(2), requested(), spawned())).toEqual(['p1']);
    expect(started(defined(), demand(1), requested(), stopping())).toEqual(['p1']);
  });

  it('counts on an agent that has just registered until the scheduler says that it took a task', () => {
    const { freshMs } = SPAWNER_LIMITS;
    expect(started(defined(), demand(1), requested(), ready())).toEqual([]);
    expect(started(defined(), demand(2), requested('a1'), requested('a2'), ready('a1'), demand(1))).toEqual([]);
    expect(started(defined(), demand(2), requested('a1'), requested('a2'), ready('a1'), demand(1), demand(2))).toEqual(['p1']);
    const { run } = spawner(defined(), demand(1), requested(), ready('a1', NOW_MS));
    expect(run.dueAtMs()).toBe(NOW_MS + freshMs);
    expect(run.at(NOW_MS + freshMs - 1).settle()).toEqual([]);
    expect(run.at(NOW_MS + freshMs).settle()).toHaveLength(1);
  });

  it('leaves the versatile agent to the work that only it can do', () => {
    const past = [defined('p1', { skills: ['go', 'ts'] }), defined('p2'), requested('a1', 'p1'), requested('a2', 'p2')];
    expect(started(...past, demand(1), demand(1, { skills: ['go'] }))).toEqual([]);
  });

  it('waits for the end of a pause, and is due then', () => {
    const { run } = spawner(defined(), requested(), exited('a1', { retryAtMs: NOW_MS + 100 }), demand(1));
    expect(run.settle()).toEqual([]);
    expect(run.dueAtMs()).toBe(NOW_MS + 100);
    expect(run.at(NOW_MS + 100).settle()).toHaveLength(1);
    expect(run.dueAtMs()).toBeGreaterThan(NOW_MS + 100);
  });

  it('is due when the first of several pauses ends', () => {
    const pausing = [100, 200, 300, 400].flatMap((pauseMs, n) => [
      defined(`p${n}`),
      requested(`a${n}`, `p${n}`),
      exited(`a${n}`, { retryAtMs: NOW_MS + pauseMs }),
    ]);
    expect(spawner(...pausing, demand(1)).run.dueAtMs()).toBe(NOW_MS + 100);
    const others = ['p0', 'p1'].map((poolId) => defined(poolId, { role: 'specialist' }));
    expect(spawner(...pausing, ...others, demand(1)).run.dueAtMs()).toBe(NOW_MS + 300);
  });

  it('lets only as many fresh agents go as tasks were taken', () => {
    const two = [requested('a1'), requested('a2'), ready('a1'), ready('a2')];
    expect(started(defined('p1', { max: 9 }), demand(3), ...two, demand(2))).toHaveLength(1);
  });

  it('fills the node no further than it may', () => {
    const decider = spawnerDeciderWith({ ...SPAWNER_LIMITS, agentsPerNodeMax: 2 });
    const { run } = given(decider, [defined('p1', { min: 2 }), defined('p2', { min: 2 }), demand(9)], NOW_MS);
    expect(run.settle()).toHaveLength(2);
    expect(run.settle()).toEqual([]);
  });

  it('is remembered for so many kinds of work', () => {
    const decider = spawnerDeciderWith({ ...SPAWNER_LIMITS, demandKindsMax: 1 });
    expect([...given(decider, [demand(1), demand(1, { skills: ['ts'] })]).run.state.demand.keys()]).toEqual(['developer ts']);
  });
});

describe('the minimum of a pool', () => {
  it('is kept without demand, and covers demand too', () => {
    expect(started(defined('p1', { min: 2 }))).toHaveLength(2);
    expect(started(defined('p1', { min: 2 }), demand(2))).toHaveLength(2);
    expect(started(defined('p1', { min: 2 }), demand(3))).toHaveLength(3);
    expect(started(defined('p1', { min: 2 }), requested('a1'), requested('a2'), stopping('a2'))).toHaveLength(1);
  });
});
