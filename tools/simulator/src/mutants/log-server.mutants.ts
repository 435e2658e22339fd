import type { InMemoryLogServer, LogServer } from '@torch/log';

/** Whoever appends is made the owner for as long as it takes. */
export function withoutFence(server: LogServer, { store }: InMemoryLogServer): LogServer {
  const { log } = server;
  const append: LogServer['log']['append'] = async (fence, bodies) => {
    const { leases, head } = store.partition(fence.partition);
    const held = leases.get(fence.service);
    leases.set(fence.service, { holder: fence.holder, epoch: fence.epoch, untilMs: Infinity });
    try {
      return await log.append({ ...fence, seen: { ...fence.seen, generation: head.generation }, generation: head.generation }, bodies);
    } finally {
      if (held) leases.set(fence.service, held);
      else leases.delete(fence.service);
    }
  };
  return Object.create(server, { log: { value: Object.create(log, { append: { value: append } }) } }) as LogServer;
}

/** Whoever asks gets the lease. */
export function withoutLeaseCheck(server: LogServer, { store }: InMemoryLogServer): LogServer {
  const { leases } = server;
  const acquire: LogServer['leases']['acquire'] = (partition, service, holder, leaseMs) => {
    store.partition(partition).leases.delete(service);
    return leases.acquire(partition, service, holder, leaseMs);
  };
  return Object.create(server, { leases: { value: Object.create(leases, { acquire: { value: acquire } }) } }) as LogServer;
}

/** Nobody is told the log server's time. */
export function withoutTime(server: LogServer): LogServer {
  return Object.create(server, { timeMs: { value: () => Promise.reject(new Error('It does not tell its time.')) } }) as LogServer;
}
