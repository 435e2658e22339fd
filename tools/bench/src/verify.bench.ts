import { readManifest, verifyArchive } from '@torch/archive';
import { type BenchArchive, notarise, schedulerCommits } from './bench-archive';
import type { BenchContext } from './bench';
import { ceilingFigure, type Figure, floorFigure } from './figure';

/** `TORCH_BENCH_EVENTS` sets another size, such as 10000000. */
const EVENTS = Number(process.env.TORCH_BENCH_EVENTS ?? 1_000_000);
const SINGLE_EVENTS = 200_000;
const EVENTS_EACH = 10;
const EVENTS_PER_SECOND_MIN = 200_000;
/** What may come on top of the first tenth of a check, whatever the archive's size. */
const RSS_GROWTH_MIB_MAX = 64;
const MIB = 1024 * 1024;

/**
 * Checking an archive with nothing but its public key: events a second, with ten events a commit and with one; how much
 * memory grows meanwhile; and what an event takes on disk, compressed and not.
 */
export async function auditVerify({ rounds, progress }: BenchContext): Promise<readonly Figure[]> {
  progress(`an archive of ${EVENTS} events`);
  const batched = await notarise({ bodies: schedulerCommits(EVENTS, EVENTS_EACH), isSynced: false });
  const single = await notarise({ bodies: schedulerCommits(SINGLE_EVENTS, 1), isSynced: false });
  try {
    const sizes = await bytesPerEvent(batched);
    const [many, one, growth]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round <= rounds; round++) {
      const [checked, checkedSingle] = [await check(batched, EVENTS), await check(single, SINGLE_EVENTS)];
      if (round === 0) continue; // Warm-up.
      many.push(checked.rate);
      one.push(checkedSingle.rate);
      growth.push(checked.growthMib);
    }
    return [
      floorFigure({ name: 'audit.verify', unit: 'events/s', values: many, atLeast: EVENTS_PER_SECOND_MIN }),
      floorFigure({ name: 'audit.verify.single', unit: 'events/s', values: one }),
      ceilingFigure({ name: 'audit.verify.rss-growth', unit: 'MiB', values: growth, atMost: RSS_GROWTH_MIB_MAX }),
      ceilingFigure({ name: 'audit.bytes-per-event', unit: 'bytes', values: [sizes.gz] }),
      ceilingFigure({ name: 'audit.bytes-per-event.raw', unit: 'bytes', values: [sizes.raw] }),
    ];
  } finally {
    await batched.remove();
    await single.remove();
  }
}

async function check({ dir, keys }: BenchArchive, events: number): Promise<{ rate: number; growthMib: number }> {
  let base = 0;
  let highest = 0;
  const startedAt = performance.now();
  const verdict = await verifyArchive({
    dir,
    keys,
    onProgress: ({ bytesRead, bytesInAll }) => {
      const rss = process.memoryUsage.rss();
      if (bytesRead < bytesInAll / 10) base = Math.max(base, rss);
      highest = Math.max(highest, rss);
    },
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const found = verdict.partitions.reduce((sum, partition) => sum + partition.events, 0);
  if (!verdict.ok || found !== events) throw new Error(`Checked ${found} events of ${events}: ${JSON.stringify(verdict)}`);
  return { rate: events / seconds, growthMib: (highest - base) / MIB };
}

/** Of the sealed segments. */
async function bytesPerEvent({ dir }: BenchArchive): Promise<{ raw: number; gz: number }> {
  const { sealed } = await readManifest({ dir, partition: 0 });
  const sum = (field: 'bytes' | 'gzBytes' | 'events'): number => sealed.reduce((total, fact) => total + fact[field], 0);
  if (sealed.length === 0) throw new Error('No segment was sealed: TORCH_BENCH_EVENTS is too small for this figure.');
  return { raw: sum('bytes') / sum('events'), gz: sum('gzBytes') / sum('events') };
}
