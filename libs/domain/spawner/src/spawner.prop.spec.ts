import { DeciderRun, type SpecCommand, type SpecEvent } from '@torch/testing';
import fc from 'fast-check';
import { spawnerDeciderWith } from './spawner.decider';
import { processesOf, serves, SPAWNER_LIMITS, type SpawnerState } from './spawner.state';
import { listPools } from './spawner.views';

const LIMITS = {
  ...SPAWNER_LIMITS,
  agentsPerNodeMax: 6,
  poolsMax: 3,
  demandKindsMax: 4,
  fenced: { perReporterMax: 2, windowMs: 60_000, reportersMax: 2 },
};
const decider = spawnerDeciderWith(LIMITS);

type Step = { command: SpecCommand } | { event: SpecEvent } | { about: number; type: string; data: object } | { passMs: number };

const poolId = fc.constantFrom('p1', 'p2', 'p3', 'p4');
const skills = fc.subarray(['go', 'ts']);
const pool = fc.record({
  poolId,
  skills,
  role: fc.constantFrom('developer', 'developer', 'specialist'),
  runtime: fc.constant('process'),
  harness: fc.constant('exec'),
  memoryMib: fc.constant(256),
  min: fc.constantFrom(0, 0, 1),
  max: fc.integer({ min: 1, max: 3 }),
  capacity: fc.integer({ min: 1, max: 2 }),
  crashesMax: fc.integer({ min: 1, max: 3 }),
  runId: fc.option(fc.constantFrom('r1', 'r2'), { nil: undefined }),
});
const reason = fc.constant('r');
const about = (type: string, data: fc.Arbitrary<object>) => fc.record({ about: fc.nat(20), type: fc.constant(type), data });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.array(pool, { minLength: 1, maxLength: 2 }).map((pools) => ({ command: { type: 'DefinePools', data: { pools } } })),
  },
  fc.record({ poolId, reason }).map((data) => ({ command: { type: 'RetirePool', data } })),
  fc.record({ poolId }).map((data) => ({ command: { type: 'ReleaseQuarantine', data } })),
  {
    weight: 3,
    arbitrary: fc
      .record({ role: fc.constantFrom('developer', 'specialist'), skills, waiting: fc.integer({ min: 0, max: 8 }) })
      .map((data) => ({ event: { type: 'demand.changed', data } })),
  },
  fc.constantFrom('r1', 'r2').map((runId) => ({ event: { type: 'run.submitted', data: { runId } } })),
  {
    weight: 2,
    arbitrary: about(
      'RecordSpawned',
      fc.record({ node: fc.constant('n1'), pid: fc.integer({ min: 1, max: 3 }), pidStartTicks: fc.constant(1) }),
    ),
  },
  {
    weight: 2,
    arbitrary: about(
      'RecordExited',
      fc.record({
        reason,
        exitCode: fc.option(fc.constantFrom(0, 1), { nil: undefined }),
        withNode: fc.option(fc.boolean(), { nil: undefined }),
      }),
    ),
  },
  about('StopAgent', fc.record({ reason })),
  about('RecordFencedProcess', fc.record({ node: fc.constantFrom('n1', 'n2', 'n3') })),
  { weight: 2, arbitrary: about('agent.registered', fc.constant({})) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 130_000 }).map((passMs) => ({ passMs })) },
);
const steps = fc.array(step, { maxLength: 60, size: 'max' });

type Run = DeciderRun<SpawnerState>;
const requests = (run: Run) =>
  run.log
    .filter(({ type }) => type === 'agent.spawn-requested')
    .map(({ data }) => data as { agentId: string; poolId: string; spawnId: string });

function turn(run: Run, step: Step): void {
  if ('command' in step) run.tryToDecide(step.command);
  else if ('event' in step) run.happened(step.event);
  else if ('passMs' in step) run.passTo(run.nowMs + step.passMs);
  else {
    const spawns = requests(run);
    const { agentId, spawnId } = spawns[step.about % Math.max(1, spawns.length)] ?? { agentId: 'a', spawnId: 's' };
    if (step.type === 'agent.registered') run.happened({ type: step.type, data: { agentId, registeredAtMs: run.nowMs } });
    else run.tryToDecide({ type: step.type, data: { ...step.data, agentId, ...(step.type !== 'StopAgent' && { spawnId }) } });
  }
  run.settle();
}

function played(steps: readonly Step[], check?: (run: Run) => void): Run {
  const run = new DeciderRun(decider);
  for (const step of steps) {
    turn(run, step);
    check?.(run);
  }
  return run;
}

describe('safety', () => {
  it('no pool has more processes than its max when one is started, and the node never more than its own', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const run = new DeciderRun(decider);
        for (const step of steps) {
          const before = requests(run).length;
          turn(run, step);
          for (const { poolId } of requests(run).slice(before)) {
            expect(processesOf(run.state, poolId).length).toBeLessThanOrEqual(run.state.pools.get(poolId)?.spec.max ?? 0);
          }
          expect(run.state.processes.size).toBeLessThanOrEqual(LIMITS.agentsPerNodeMax);
          expect(run.state.pools.size).toBeLessThanOrEqual(LIMITS.poolsMax);
          expect(run.state.demand.size).toBeLessThanOrEqual(LIMITS.demandKindsMax);
          const reports = run.state.fenced.encode();
          expect(reports.length).toBeLessThanOrEqual(LIMITS.fenced.reportersMax);
          for (const [, , noted] of reports) expect(noted.length).toBeLessThanOrEqual(LIMITS.fenced.perReporterMax);
        }
      }),
    );
  });

  it('no spawn id and no agent id is ever used twice, and one spawn is one process', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const run = played(steps);
        for (const ids of [requests(run).map(({ spawnId }) => spawnId), requests(run).map(({ agentId }) => agentId)])
          expect(new Set(ids).size).toBe(ids.length);
        const spawned = run.log.filter(({ type }) => type === 'agent.spawned').map(({ data }) => (data as { spawnId: string }).spawnId);
        expect(new Set(spawned).size).toBe(spawned.length);
      }),
    );
  });

  it('a pool in quarantine, in a pause or retired starts nothing', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const run = new DeciderRun(decider);
        for (const step of steps) {
          const before = requests(run).length;
          turn(run, step);
          for (const { poolId } of requests(run).slice(before)) {
            expect(run.state.pools.get(poolId)).toMatchObject({ quarantined: false, retired: false });
            expect(run.state.pools.get(poolId)?.nextSpawnAtMs).toBeLessThanOrEqual(run.nowMs);
          }
        }
      }),
    );
  });

  it('a pool is in quarantine from its last permitted crash until it is released', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const run = played(steps);
        for (const { poolId } of listPools(run.state).pools.map(({ pool }) => pool)) {
          const last = run.log
            .filter(({ type, data }) => type.startsWith('agent.quarantine') && (data as { poolId?: string }).poolId === poolId)
            .at(-1);
          const sinceForgotten = run.log
            .slice(run.log.indexOf(last!))
            .some(({ type, subject }) => type === 'pool.retired' && subject === `pool/${poolId}`);
          if (!sinceForgotten) expect(run.state.pools.get(poolId)?.quarantined).toBe(last?.type === 'agent.quarantined');
        }
      }),
    );
  });

  it('settling again starts nothing, and no timer stays due', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        played(steps, (run) => {
          expect(run.settle()).toEqual([]);
          run.passTo(run.nowMs);
          run.settle();
          expect(run.dueAtMs()).toBeGreaterThan(run.nowMs);
        });
      }),
    );
  });

  it('no agent is started that neither a minimum nor waiting tasks call for', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const run = new DeciderRun(decider);
        for (const step of steps) {
          const before = requests(run).length;
          turn(run, step);
          const lastOfPool = new Map(
            requests(run)
              .slice(before)
              .map(({ poolId, agentId }) => [poolId, agentId]),
          );
          for (const [poolId, last] of lastOfPool) {
            const { spec } = run.state.pools.get(poolId)!;
            const kept = processesOf(run.state, poolId).filter(({ state }) => state !== 'stopping');
            const wanted = [...run.state.demand.values()]
              .filter((demand) => serves(spec, demand))
              .reduce((sum, { waiting }) => sum + waiting, 0);
            const onTheirWay = kept.filter(({ agentId, readyAtMs }) => agentId !== last && readyAtMs === undefined);
            expect(kept.length <= spec.min || onTheirWay.reduce((sum, { capacity }) => sum + capacity, 0) < wanted).toBe(true);
          }
        }
      }),
    );
  });

  it('a replay of the log, and a snapshot anywhere in it, arrive at the live state and its timers', () => {
    fc.assert(
      fc.property(steps, fc.nat(60), (steps, restartAt) => {
        const run = new DeciderRun(decider);
        steps.forEach((step, i) => {
          turn(run, step);
          if (i === restartAt) run.restart();
        });
        expect(run.digest(run.replayed())).toBe(run.digest());
        expect(decider.dueAtMs?.(run.replayed())).toBe(run.dueAtMs());
        expect(run.restart().dueAtMs()).toBe(decider.dueAtMs?.(run.replayed()));
      }),
    );
  });

  it('no timer stops a process that has become an agent', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const run = new DeciderRun(decider);
        for (const step of steps) {
          const ready = [...run.state.processes.values()].filter(({ readyAtMs }) => readyAtMs !== undefined).map(({ agentId }) => agentId);
          const retiring = [...run.state.pools.values()]
            .filter(({ runAwaited }) => runAwaited)
            .flatMap(({ spec }) => processesOf(run.state, spec.poolId));
          const before = run.log.length;
          turn(run, step);
          if (!('passMs' in step)) continue;
          for (const { type, data } of run.log.slice(before)) {
            const { agentId } = data as { agentId: string };
            if (type === 'agent.stop-requested' && !retiring.some((process) => process.agentId === agentId))
              expect(ready).not.toContain(agentId);
          }
        }
      }),
    );
  });
});

describe('liveness', () => {
  /** A well-behaved world: processes register at once, new agents take what waits, and quarantines are released. */
  function serveAll(run: Run): void {
    for (let turns = 0; turns < 500; turns++) {
      const process = [...run.state.processes.values()].find(({ state, readyAtMs }) => state === 'stopping' || readyAtMs === undefined);
      const quarantined = listPools(run.state).pools.find((pool) => pool.quarantined);
      if (quarantined) {
        run.decide({ type: 'ReleaseQuarantine', data: { poolId: quarantined.pool.poolId } });
      } else if (process?.state === 'stopping') {
        run.decide({ type: 'RecordExited', data: { agentId: process.agentId, spawnId: process.spawnId, reason: 'Stopped.' } });
      } else if (process) {
        run.happened({ type: 'agent.registered', data: { agentId: process.agentId, registeredAtMs: run.nowMs } });
        const spec = run.state.pools.get(process.poolId)?.spec;
        let free = process.capacity;
        for (const demand of [...run.state.demand.values()]) {
          const taken = spec && serves(spec, demand) ? Math.min(free, demand.waiting) : 0;
          free -= taken;
          if (taken > 0)
            run.happened({ type: 'demand.changed', data: { role: demand.role, skills: demand.skills, waiting: demand.waiting - taken } });
        }
      } else if (run.dueAtMs() < Infinity) {
        run.passTo(Math.max(run.nowMs, run.dueAtMs()));
      } else return;
      run.settle();
    }
    throw new Error('The spawner does not come to rest.');
  }

  it('sooner or later, demand that some pool may serve has its agents, and every minimum is kept', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const run = played(steps);
        for (const runId of ['r1', 'r2']) run.happened({ type: 'run.submitted', data: { runId } });
        run.settle();
        serveAll(run);
        const nodeFull = run.state.processes.size >= LIMITS.agentsPerNodeMax;
        for (const { spec } of run.state.pools.values()) {
          const count = processesOf(run.state, spec.poolId).length;
          const waiting = [...run.state.demand.values()].some((demand) => serves(spec, demand));
          if (waiting) expect(nodeFull || count >= spec.max).toBe(true);
          expect(nodeFull || count >= spec.min).toBe(true);
        }
      }),
    );
  });

  it('a pool that crashes without end comes to rest in quarantine', () => {
    fc.assert(
      fc.property(pool, (pool) => {
        const run = new DeciderRun(decider);
        run.decide({ type: 'DefinePools', data: { pools: [{ ...pool, min: 1 }] } });
        run.happened({ type: 'run.submitted', data: { runId: pool.runId ?? 'r' } });
        for (let turns = 0; run.dueAtMs() < Infinity; turns++) {
          expect(turns).toBeLessThan(100);
          run.passTo(Math.max(run.nowMs, run.dueAtMs()));
          run.settle();
          for (const { agentId, spawnId } of [...run.state.processes.values()]) {
            run.decide({ type: 'RecordExited', data: { agentId, spawnId, reason: 'r', exitCode: 1 } });
          }
        }
        expect(run.state.pools.get(pool.poolId)).toMatchObject({ quarantined: true, crashes: pool.crashesMax });
      }),
    );
  });
});
