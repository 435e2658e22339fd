import { simulateSeed } from '../round';
import { type Mutant, MUTANTS } from './mutants';

const TROUBLE_MS = 40_000;
/** Worlds that a mutant gets before it counts as unnoticed. */
const SEEDS_MAX = 25;

async function catches(mutant: Mutant): Promise<boolean> {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const { findings } = await simulateSeed({ mutant, troubleMs: TROUBLE_MS }, seed);
    if (findings.some(({ checker }) => checker === mutant.caughtBy)) return true;
  }
  return false;
}

describe('a protection that is taken out', () => {
  it.each(Object.entries(MUTANTS))(
    '%s is noticed',
    async (_name, mutant) => {
      expect(await catches(mutant)).toBe(true);
    },
    5 * 60_000,
  );
});
