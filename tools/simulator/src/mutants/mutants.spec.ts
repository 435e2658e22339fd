import { ROUND_MS_MAX, simulated } from '../simulate.process.fixture';
import { MUTANTS } from './mutants';

/** Worlds that a mutant gets before it counts as unnoticed. */
const SEEDS_MAX = 50;

const worlds = (firstSeed: number) => ['--seed', String(firstSeed), '--seeds', String(SEEDS_MAX), '--trouble-s', '20'];

describe('a protection that is taken out', () => {
  it.each(Object.entries(MUTANTS))(
    '%s is noticed',
    async (name, { caughtBy, firstSeed = 1 }) => {
      const { code, said, round } = await simulated('--mutant', name, ...worlds(firstSeed));
      expect([code, said]).toEqual([0, expect.stringContaining(`The mutant ${name} is caught.`)]);
      expect(round.worlds.flatMap(({ findings }) => findings.map(({ checker }) => checker))).toContain(caughtBy);
    },
    ROUND_MS_MAX,
  );
});
