import { commandContract, Commands } from '@torch/contracts';
import { ExtremeRun, extremes, propertyRounds } from '@torch/testing';
import fc from 'fast-check';
import { spawnerDecider } from './spawner.decider';
import type { SpawnerState } from './spawner.state';

const TYPES = Object.keys(Commands).filter((type) => commandContract(type)?.service === 'spawner');

const command = fc.constantFrom(...TYPES, 'DefinePools', 'RecordExited', 'RecordExited').chain((type) =>
  fc.record({
    type: fc.constant(type),
    data: extremes(commandContract(type)!.data, { itemsMax: 2 }),
    which: fc.nat(5),
    pool: fc.constantFrom({ min: 0, crashesMax: 1, env: {} }, { min: 1, max: 64, env: {} }),
  }),
);
const wait = fc.record({ waitMs: fc.constantFrom(1000, 1_000_000) });
const steps = fc.array(fc.oneof({ weight: 8, arbitrary: command }, wait), { maxLength: 40, size: 'max' });

/** Ids of what there is, in place of such as nothing has. */
function known({ state }: ExtremeRun<SpawnerState>, { data, which, pool }: { data: object; which: number; pool: object }): object {
  const process = [...state.processes.values()][which % Math.max(1, state.processes.size)];
  const poolId = [...state.pools.keys()][which % Math.max(1, state.pools.size)];
  const pools = (data as { pools?: readonly object[] }).pools?.map((one, n) => ({
    ...one,
    ...pool,
    poolId: `${which + n}${'p'.repeat(126)}`,
  }));
  const ids = { agentId: process?.agentId, spawnId: process?.spawnId, poolId, pools };
  return Object.fromEntries(Object.entries(ids).filter(([name, value]) => name in data && value !== undefined));
}

describe('the spawner, told whatever its contracts allow', () => {
  it('throws nothing but rejections, and everything that it says fits its contract, the log and a commit', () => {
    const said = new Set<string>();
    fc.assert(
      fc.property(steps, (taken) => {
        const run = new ExtremeRun<SpawnerState>(spawnerDecider);
        for (const one of taken) {
          if ('waitMs' in one) run.passAndSettle(run.nowMs + one.waitMs);
          else run.say({ type: one.type, data: { ...one.data, ...known(run, one) } });
          run.passAndSettle(run.nowMs);
        }
        for (const { type } of run.log) said.add(type);
      }),
      propertyRounds(150),
    );
    expect([...said]).toEqual(expect.arrayContaining(['agent.exited', 'agent.quarantined', 'pool.retired']));
  });
});
