import { randomUUID } from 'node:crypto';
import { NODE_DISK, PartitionRecovery } from '@torch/archive';
import { connectLogServer } from '@torch/log-dragonfly';
import { startLogServer } from '@torch/testing';
import type { BenchContext } from './bench';
import { notarise, schedulerCommits } from './bench-archive';
import { timeFigure } from './figure';

const EVENTS = 1_000_000;
const EVENTS_A_COMMIT = 10;
const PARTITION = 0;
const LEASE_MS = 60_000;

/** A log server that comes back empty: the time until one partition with a million events is whole again and its gate open. */
export async function recovery({ rounds, progress }: BenchContext) {
  const archive = await notarise({ bodies: schedulerCommits(EVENTS, EVENTS_A_COMMIT), isSynced: false });
  const values: number[] = [];
  try {
    for (let round = 1; round <= rounds; round++) {
      const logServer = await startLogServer();
      const server = await connectLogServer({ url: logServer.url, gate: 'keeper' });
      try {
        const { logId } = await server.identity({ partitions: 1 });
        const lease = await server.leases.acquire(PARTITION, 'audit', 'bench', LEASE_MS);
        if (!lease) throw new Error('The lease is not free.');
        const place = { dir: archive.dir, partition: PARTITION };
        const recovering = new PartitionRecovery({
          server,
          place,
          logId,
          disk: NODE_DISK,
          newId: randomUUID,
          config: { leaseMs: LEASE_MS },
        });
        const startedAt = performance.now();
        const { restored } = await recovering.recover(lease, async () => ({ entry: '0-0', commands: 0, seq: 0 }));
        values.push(performance.now() - startedAt);
        if (restored * EVENTS_A_COMMIT !== EVENTS) throw new Error(`${restored} commits were restored.`);
        progress(`recovery.million-events round ${round}: ${Math.round(values.at(-1) ?? 0)} ms for ${restored} commits`);
      } finally {
        await server.close();
        await logServer.stop();
      }
    }
  } finally {
    await archive.remove();
  }
  return [timeFigure({ name: 'recovery.million-events', values })];
}
