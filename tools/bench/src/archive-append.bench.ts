import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openArchive } from '@torch/archive';
import { notarise, schedulerCommits } from './bench-archive';
import type { BenchContext } from './bench';
import { type Figure, percentile, rateFigure, timeFigure } from './figure';

const EVENTS = 100_000;
const EVENTS_A_COMMIT = 10;
const LONE_RECORDS = 200;
/** What the peer writes with one sync: as much as the archive takes into one flush at most. */
const GROUP_BYTES = 2 * 1024 * 1024;

/** Into the archive until a power cut takes nothing away: events a second under load, and how long one commit alone takes. */
export async function archiveAppend({ rounds }: BenchContext): Promise<readonly Figure[]> {
  const torch: number[] = [];
  const peers: number[] = [];
  const lone: number[] = [];
  const loneP99: number[] = [];
  const plain: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const bodies = [...schedulerCommits(EVENTS, EVENTS_A_COMMIT)];
    const archive = await notarise({ bodies, isSynced: true });
    await archive.remove();
    const rates = [EVENTS / archive.seconds, EVENTS / (await inFolder((dir) => writePlainly(dir, bodies)))] as const;
    const [times, plainTimes] = [await inFolder(loneRecords), await inFolder(loneWrites)];
    if (round === 0) continue; // Warm-up.
    torch.push(rates[0]);
    peers.push(rates[1]);
    lone.push(percentile(times, 50));
    loneP99.push(percentile(times, 99));
    plain.push(percentile(plainTimes, 50));
  }
  const peer = 'the bodies alone, one write and one fdatasync for 2 MiB';
  return [
    rateFigure({ name: 'archive.append', unit: 'events/s', peer, torch, peers, atLeast: 0.1 }),
    timeFigure({ name: 'archive.append.lone.p50', values: lone, peer: { name: 'one write and one fdatasync', values: plain } }),
    timeFigure({ name: 'archive.append.lone.p99', values: loneP99 }),
  ];
}

async function inFolder<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'torch-bench-append-'));
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}

async function writePlainly(dir: string, bodies: readonly string[]): Promise<number> {
  const file = await open(join(dir, 'plain'), 'a');
  const startedAt = performance.now();
  let group: string[] = [];
  let bytes = 0;
  const write = async (): Promise<void> => {
    await file.appendFile(group.join('\n'));
    await file.datasync();
    [group, bytes] = [[], 0];
  };
  for (const body of bodies) {
    group.push(body);
    bytes += body.length;
    if (bytes >= GROUP_BYTES) await write();
  }
  await write();
  const seconds = (performance.now() - startedAt) / 1000;
  await file.close();
  return seconds;
}

/** Each commit is sent when the one before is durable. */
async function loneRecords(dir: string): Promise<number[]> {
  const archive = await openArchive({ dir, partition: 0, config: { groupMs: 0 }, sign: () => 'unsigned\n' });
  const times: number[] = [];
  let seq = 0;
  for (const body of schedulerCommits(LONE_RECORDS, 1)) {
    const startedAt = performance.now();
    archive.add({ position: { seq: ++seq, generation: 0 }, body });
    await archive.flush();
    times.push(performance.now() - startedAt);
  }
  await archive.close();
  return times;
}

async function loneWrites(dir: string): Promise<number[]> {
  const file = await open(join(dir, 'plain'), 'a');
  const times: number[] = [];
  for (const body of schedulerCommits(LONE_RECORDS, 1)) {
    const startedAt = performance.now();
    await file.appendFile(body);
    await file.datasync();
    times.push(performance.now() - startedAt);
  }
  await file.close();
  return times;
}
