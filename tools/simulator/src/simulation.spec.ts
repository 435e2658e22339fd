import { findings } from './checkers/checkers';
import { simulateRound, simulateSeed } from './round';
import { Simulation } from './simulation';

/** Simulated ms in which things go wrong: short enough for many worlds, and several faults in each. */
const TROUBLE_MS = 20_000;
const SEEDS = 50;

describe('a simulated world', () => {
  it.each([11, 12, 13])('is the same again from the same seed, byte for byte: %i', async (seed) => {
    const [one, other] = [await simulateSeed({ troubleMs: TROUBLE_MS }, seed), await simulateSeed({ troubleMs: TROUBLE_MS }, seed)];
    expect(other.digest).toBe(one.digest);
    expect(one.events).toBeGreaterThan(50);
  });

  it('is another one from another seed', async () => {
    const digests = await Promise.all([21, 22].map(async (seed) => (await simulateSeed({ troubleMs: TROUBLE_MS }, seed)).digest));
    expect(new Set(digests).size).toBe(2);
  });

  it('does its work where nothing goes wrong', async () => {
    const { account } = await new Simulation({ seed: 1, faults: [], troubleMs: TROUBLE_MS }).run();
    expect(await findings(account)).toEqual([]);
    const types = new Set(account.events.map(({ event }) => event.type));
    for (const type of ['run.submitted', 'task.assigned', 'task.completed', 'run.ended']) expect(types).toContain(type);
    expect(account.history.samples.length).toBeGreaterThanOrEqual(12);
  });
});

describe('a short round', () => {
  it(
    `keeps every guarantee in ${SEEDS} worlds`,
    async () => {
      const { failures, seeds } = await simulateRound({ firstSeed: 1, seeds: SEEDS, troubleMs: TROUBLE_MS });
      expect(failures.map(({ seed, findings: found }) => ({ seed, found }))).toEqual([]);
      expect(seeds).toBe(SEEDS);
    },
    5 * 60_000,
  );
});
