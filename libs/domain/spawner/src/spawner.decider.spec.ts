import { given, type SpecEvent } from '@torch/testing';
import { spawnerDecider, spawnerDeciderWith } from './spawner.decider';
import {
  NOW_MS,
  defined,
  demand,
  exited,
  place,
  pool,
  quarantined,
  ready,
  requested,
  retired,
  spawned,
  spawner,
  started,
  stopping,
} from './history.fixture';
import { reactionTo } from './spawner.reactions';
import { SPAWNER_LIMITS } from './spawner.state';
import { listPools, processesToRun, processToRun } from './spawner.views';

const define = (...pools: object[]) => ({ type: 'DefinePools', data: { pools } });
const retire = (poolId = 'p1') => ({ type: 'RetirePool', data: { poolId, reason: 'Done.' } });
const stop = (agentId = 'a1') => ({ type: 'StopAgent', data: { agentId, reason: 'Enough.' } });
const release = (poolId = 'p1') => ({ type: 'ReleaseQuarantine', data: { poolId } });
const recordSpawned = (more: object = {}) => ({ type: 'RecordSpawned', data: { agentId: 'a1', spawnId: 's-a1', ...place, ...more } });
const recordExited = (more: object = {}) => ({
  type: 'RecordExited',
  data: { agentId: 'a1', spawnId: 's-a1', reason: 'It ended.', ...more },
});

describe('the definition of pools', () => {
  it('is all of them or none', () => {
    spawner()
      .when(define(pool('p1'), pool('p2')))
      .then([
        { type: 'pool.defined', data: { pool: pool('p1'), definedAtMs: NOW_MS } },
        { type: 'pool.defined', data: { pool: pool('p2'), definedAtMs: NOW_MS } },
      ]);
    spawner()
      .when(define(pool('p1'), pool('p2', { min: 4 })))
      .thenRejected('min-above-max');
    spawner()
      .when(define(pool('p1'), pool('p1')))
      .thenRejected('duplicate-pool');
  });

  it('has no event when nothing changes, and one when something does', () => {
    spawner(defined()).when(define(pool())).thenNothing();
    expect(spawner(defined()).run.decide(define(pool('p1', { max: 4 })))).toHaveLength(1);
    expect(spawner(defined(), requested(), retired()).run.decide(define(pool()))).toHaveLength(1);
  });

  it('is refused when there would be too many, or when one does not fit into the log', () => {
    const decider = spawnerDeciderWith({ ...SPAWNER_LIMITS, poolsMax: 1 });
    given(decider, [defined()])
      .when(define(pool('p2')))
      .thenRejected('too-many-pools');
    expect(given(decider, [defined()]).run.decide(define(pool('p1', { max: 4 })))).toHaveLength(1);
    const env = (names: number) => Object.fromEntries(Array.from({ length: names }, (_, n) => [`V${n}`, 'x'.repeat(30_000)]));
    spawner()
      .when(define(pool('p1', { env: env(3) })))
      .thenRejected('pool-too-large');
    spawner()
      .when(define(...Array.from({ length: 20 }, (_, n) => pool(`p${n}`, { env: env(1) }))))
      .thenRejected('pools-too-large');
  });
});

describe('a pool that retires', () => {
  it('asks its agents to stop, those that are stopping left out', () => {
    spawner(defined(), requested('a1'), requested('a2'), stopping('a2'))
      .when(retire())
      .then([
        { type: 'pool.retired', data: { poolId: 'p1', reason: 'Done.', retiredAtMs: NOW_MS } },
        { type: 'agent.stop-requested', data: { agentId: 'a1', spawnId: 's-a1', reason: 'Done.', requestedAtMs: NOW_MS } },
      ]);
  });

  it('retires once, and starts nothing any more', () => {
    spawner(defined(), requested(), retired()).when(retire()).thenNothing();
    expect(started(defined('p1', { min: 1 }), requested(), stopping(), retired(), demand(1))).toEqual([]);
  });

  it('is forgotten with its last process', () => {
    spawner(defined(), retired()).when(retire()).thenRejected('unknown-pool');
    expect(listPools(spawner(defined(), requested(), retired()).run.state).pools).toMatchObject([{ retired: true }]);
    expect(listPools(spawner(defined(), requested(), retired(), exited()).run.state).pools).toEqual([]);
  });

  it('is retired when its run ends', () => {
    const { state } = spawner(defined('p1', { runId: 'r1' }), defined('p2', { runId: 'r2' }), defined('p3')).run;
    const ended = { type: 'run.ended', data: { runId: 'r1', status: 'completed' } } as never;
    expect(reactionTo(ended, state)).toEqual([{ type: 'RetirePool', data: { poolId: 'p1', reason: 'Run "r1" has ended as completed.' } }]);
  });

  it('is retired when its run is never submitted', () => {
    const ofRun = defined('p1', { runId: 'r1' });
    const { run } = given(spawnerDecider, [ofRun], 1000);
    expect(run.dueAtMs()).toBe(1000 + SPAWNER_LIMITS.runAwaitedMs);
    expect(run.passTo(run.dueAtMs())).toMatchObject([{ type: 'pool.retired' }]);
    const submitted = { type: 'run.submitted', data: { runId: 'r1' } };
    expect(spawner(ofRun, submitted).run.dueAtMs()).toBe(Infinity);
    expect(spawner(submitted, ofRun).run.dueAtMs()).toBe(Infinity);
  });
});

describe('an agent that is to stop', () => {
  it('is asked once, with the reason', () => {
    spawner(defined(), requested())
      .when(stop())
      .then([{ type: 'agent.stop-requested', data: { agentId: 'a1', spawnId: 's-a1', reason: 'Enough.', requestedAtMs: NOW_MS } }]);
    spawner(defined(), requested(), stopping()).when(stop()).thenNothing();
    spawner().when(stop()).thenRejected('unknown-agent');
  });

  it("is stopped when it is lost, if its process is one of the spawner's", () => {
    const lost = (agentId: string) => ({ type: 'agent.lost', data: { agentId, reason: 'No heartbeat.' } }) as never;
    const { state } = spawner(defined(), requested(), requested('a2'), stopping('a2')).run;
    expect(reactionTo(lost('a1'), state)).toEqual([
      { type: 'StopAgent', data: { agentId: 'a1', reason: 'The agent is lost: No heartbeat.' } },
    ]);
    expect(reactionTo(lost('a2'), state)).toEqual([]);
    expect(reactionTo(lost('stranger'), state)).toEqual([]);
  });

  it('is stopped when its process never registers, which counts as a crash', () => {
    const { run } = given(spawnerDecider, [defined(), requested(), spawned()], 2000);
    expect(run.dueAtMs()).toBe(2000 + SPAWNER_LIMITS.startMsMax);
    expect(run.passTo(run.dueAtMs())).toMatchObject([{ type: 'agent.stop-requested', data: { agentId: 'a1' } }]);
    expect(run.dueAtMs()).toBe(Infinity);
    expect(run.decide(recordExited({ exitCode: 0 }))).toMatchObject([{ data: { crashed: true } }]);
  });
});

describe('an agent that has registered', () => {
  it('is never stopped for being slow to start', () => {
    const { run } = given(spawnerDecider, [defined(), requested(), spawned(), ready()], 2000);
    expect(run.passTo(2000 + 10 * SPAWNER_LIMITS.startMsMax)).toEqual([]);
  });
});

describe('a process that was started', () => {
  it('is recorded once', () => {
    spawner(defined(), requested())
      .when(recordSpawned())
      .then([{ type: 'agent.spawned', data: { agentId: 'a1', spawnId: 's-a1', ...place, spawnedAtMs: NOW_MS } }]);
    spawner(defined(), requested(), spawned()).when(recordSpawned()).thenNothing();
  });

  it('is refused when it is a second one, or nobody asked for it', () => {
    spawner(defined(), requested(), spawned())
      .when(recordSpawned({ pid: 43 }))
      .thenRejected('spawned-already');
    spawner(defined(), requested())
      .when(recordSpawned({ spawnId: 'other' }))
      .thenRejected('unknown-spawn');
    spawner(defined(), requested(), exited()).when(recordSpawned()).thenRejected('unknown-spawn');
  });

  it('goes on stopping when the stop came first', () => {
    expect(processesToRun(spawner(defined(), requested(), stopping(), spawned()).run.state)).toMatchObject([
      { process: { agentId: 'a1', state: 'stopping', pid: 42 }, pool: { poolId: 'p1' } },
    ]);
  });
});

describe('a process that ended', () => {
  const running = [defined(), requested(), spawned(), ready()];
  const exit = (past: SpecEvent[], more: object = {}) => spawner(...past).run.decide(recordExited(more))[0]?.data;

  it('has crashed when nobody asked for it and it was no success', () => {
    expect(exit(running, { exitCode: 1 })).toMatchObject({ crashed: true, exitCode: 1 });
    expect(exit(running)).toMatchObject({ crashed: true });
    expect(exit([defined(), requested()], { reason: 'spawn ENOENT' })).toMatchObject({ crashed: true, reason: 'spawn ENOENT' });
  });

  it('has not crashed when it was asked, when it was done, or when its node went down with it', () => {
    expect(exit([...running, stopping()], { exitCode: 137 })).toMatchObject({ crashed: false, retryAtMs: NOW_MS });
    expect(exit(running, { exitCode: 0 })).toMatchObject({ crashed: false, retryAtMs: NOW_MS + SPAWNER_LIMITS.backoffMs });
    expect(exit(running, { withNode: true })).toMatchObject({ crashed: false, retryAtMs: NOW_MS });
  });

  it('is recorded once', () => {
    spawner(...running, exited())
      .when(recordExited())
      .thenNothing();
    spawner(...running)
      .when(recordExited({ spawnId: 'other' }))
      .thenNothing();
  });

  it('keeps its pool waiting for longer with each crash, up to a limit', () => {
    const pauses = Array.from({ length: 10 }, (_, crashes) => {
      const { run } = spawner(defined('p1', { crashesMax: 100 }), requested());
      const state = run.state.pools.get('p1');
      if (state) state.crashes = crashes;
      return (run.decide(recordExited())[0]?.data as { retryAtMs: number }).retryAtMs - NOW_MS;
    });
    pauses.forEach((pauseMs, crashes) => {
      const wholeMs = Math.min(1000 * 2 ** crashes, 60_000);
      expect(pauseMs).toBeLessThanOrEqual(wholeMs);
      expect(pauseMs).toBeGreaterThanOrEqual(0.75 * wholeMs);
    });
  });

  it('quarantines its pool after so many crashes in a row', () => {
    const two = [...running, requested('a2'), exited('a2'), requested('a3'), exited('a3')];
    spawner(...two)
      .when(recordExited({ exitCode: 1 }))
      .then([
        { type: 'agent.exited', data: expect.objectContaining({ agentId: 'a1', crashed: true }) },
        {
          type: 'agent.quarantined',
          data: { poolId: 'p1', crashes: 3, reason: '3 crashes in a row; the last one: It ended.', quarantinedAtMs: NOW_MS },
        },
      ]);
    expect(spawner(...two, quarantined).run.decide(recordExited({ exitCode: 1 }))).toHaveLength(1);
  });

  it('ends a series of crashes when it lived for long enough', () => {
    const { run } = spawner(...running, requested('a2'), exited('a2'), requested('a3'), exited('a3'));
    run.at(2000 + SPAWNER_LIMITS.provenLifeMs).decide(recordExited({ exitCode: 1 }));
    expect(listPools(run.state).pools).toMatchObject([{ crashes: 1, quarantined: false }]);
  });
});

describe('a pool in quarantine', () => {
  const past = [defined('p1', { min: 1 }), demand(2), quarantined];

  it('starts nothing, after a restart and a new definition neither', () => {
    expect(started(...past)).toEqual([]);
    expect(started(...past, defined('p1', { min: 2 }))).toEqual([]);
    const { run } = spawner(...past);
    expect(
      run
        .restart()
        .at(NOW_MS + 1e9)
        .settle(),
    ).toEqual([]);
    expect(run.dueAtMs()).toBe(Infinity);
  });

  it('starts again when it is released, with its crashes forgiven', () => {
    const { run } = spawner(...past.slice(0, 2), requested(), exited('a1'), quarantined);
    expect(listPools(run.state).pools).toMatchObject([{ quarantined: true, crashes: 1 }]);
    expect(run.decide(release())).toEqual([
      { type: 'agent.quarantine-released', subject: 'pool/p1', data: { poolId: 'p1', releasedAtMs: NOW_MS } },
    ]);
    expect(listPools(run.state).pools).toMatchObject([{ quarantined: false, crashes: 0 }]);
    expect(run.settle()).toHaveLength(2);
    expect(run.decide(release())).toEqual([]);
    expect(run.tryToDecide(release('p9'))).toMatchObject({ code: 'unknown-pool' });
  });
});

describe('the runtime of a node', () => {
  it('finds every process that is to be there, with its pool', () => {
    const { state } = spawner(defined(), requested('a2'), requested('a1'), spawned('a1')).run;
    expect(processesToRun(state).map(({ process: { agentId, state } }) => [agentId, state])).toEqual([
      ['a1', 'running'],
      ['a2', 'requested'],
    ]);
    expect(processToRun(state, 'a1', 's-a1')).toMatchObject({ process: place, pool: { poolId: 'p1' } });
    expect(processToRun(state, 'a1', 'other')).toBeUndefined();
    expect(processToRun(state, 'a9', 's-a9')).toBeUndefined();
  });
});
