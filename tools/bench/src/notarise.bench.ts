import { notarise, schedulerCommits } from './bench-archive';
import type { BenchContext } from './bench';
import { floorFigure, type Figure } from './figure';

const COMMITS = 100_000;
const EVENTS_PER_SECOND_MIN = 100_000;
/** No segment is sealed while it is measured: that is done beside the notary's work, on another thread. */
const ONE_SEGMENT = { segmentBytes: 2 ** 40, segmentMs: 3_600_000 };

/**
 * Events a second from commits to records in the file: leaf, chain, tree and signed checkpoints, without waiting for the disk.
 * With one event a commit, and with ten.
 */
export async function notaryNotarise({ rounds }: BenchContext): Promise<readonly Figure[]> {
  const [single, batched]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    const rates = [await rateOf(1, COMMITS), await rateOf(10, COMMITS / 5)] as const;
    if (round === 0) continue; // Warm-up.
    single.push(rates[0]);
    batched.push(rates[1]);
  }
  return [
    floorFigure({ name: 'notary.notarise', unit: 'events/s', values: batched, atLeast: EVENTS_PER_SECOND_MIN }),
    floorFigure({ name: 'notary.notarise.single', unit: 'events/s', values: single }),
  ];
}

async function rateOf(eventsEach: number, commits: number): Promise<number> {
  const bodies = [...schedulerCommits(commits * eventsEach, eventsEach)];
  const archive = await notarise({ bodies, config: ONE_SEGMENT, isSynced: false });
  await archive.remove();
  return (commits * eventsEach) / archive.seconds;
}
