import { findings } from './checkers/checkers';
import { FAULT_NAMES } from './faults/fault-names';
import { failuresOf, type RoundResult } from './round';
import { ROUND_MS_MAX, simulated } from './simulate.process.fixture';
import { Simulation } from './simulation';

/** Simulated seconds in which things go wrong: short enough for many worlds, and several faults in each. */
const TROUBLE_S = 20;
const SEEDS = 50;

const worlds = (firstSeed: number, seeds: number) =>
  simulated('--seed', String(firstSeed), '--seeds', String(seeds), '--trouble-s', String(TROUBLE_S));

it(
  'work gets done in a world where nothing goes wrong',
  async () => {
    const { account } = await new Simulation({ seed: 1, faults: [], troubleMs: TROUBLE_S * 1000 }).run();
    expect(await findings(account)).toEqual([]);
    const types = new Set(account.events.map(({ event }) => event.type));
    for (const type of ['run.submitted', 'task.assigned', 'task.completed', 'run.ended']) expect(types).toContain(type);
    expect(account.history.samples.length).toBeGreaterThanOrEqual(12);
  },
  ROUND_MS_MAX,
);

describe('a short round', () => {
  let round: RoundResult;

  it(
    `keeps every guarantee in ${SEEDS} worlds`,
    async () => {
      const { code, said, round: found } = await worlds(1, SEEDS);
      round = found;
      expect(failuresOf(round)).toEqual([]);
      expect(round.worlds.map(({ seed }) => seed)).toEqual(Array.from({ length: SEEDS }, (_, i) => i + 1));
      expect([code, said]).toEqual([0, expect.stringContaining(`${SEEDS} seeds, ${round.events} events, `)]);
    },
    ROUND_MS_MAX,
  );

  it('has another world for each seed, and in each some work', () => {
    expect(new Set(round.worlds.map(({ digest }) => digest)).size).toBe(SEEDS);
    for (const { events } of round.worlds) expect(events).toBeGreaterThan(50);
  });

  it.each(FAULT_NAMES)('has worlds in which this goes wrong: %s', (fault) => {
    expect(round.worlds.filter(({ faults }) => faults.includes(fault)).length).toBeGreaterThanOrEqual(3);
  });

  it(
    'makes the same worlds of the same seeds once more, byte for byte',
    async () => {
      const again = await worlds(11, 3);
      expect(again.round.worlds).toEqual(round.worlds.slice(10, 13));
    },
    ROUND_MS_MAX,
  );
});
