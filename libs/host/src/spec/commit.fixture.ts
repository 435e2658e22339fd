import type { ServiceName } from '@torch/contracts';
import { encodeCommit, type InMemoryLogServer, START } from '@torch/log';

/** Appends the first commit of partition 0: one of the service's own, without events. */
export async function appendOwn(server: InMemoryLogServer, service: ServiceName): Promise<void> {
  const lease = await server.leases.acquire(0, service, 'i', 60_000);
  if (!lease) throw new Error('The lease is not free.');
  const consumed = { entry: '0-0', commands: 0, seq: 0 };
  const body = encodeCommit({ service, epoch: lease.epoch, recordedAtMs: 1, consumed, events: [], answers: [] });
  await server.log.append({ ...lease, seen: START, generation: 0 }, [body]);
}
