import { randomUUID } from 'node:crypto';
import type { Fence, Lease, LogServer } from '../log';
import { type Position, START } from '../position';

export const PARTITION = 3;
export const SERVICE = 'scheduler';
export const LEASE_MS = 60_000;

export interface Writer {
  readonly server: LogServer;
  readonly lease: Lease;
  /** Appends behind the end of the log as it is now. */
  append(...bodies: string[]): Promise<Position>;
}

export function fenceOf(lease: Lease, seen: Position = START, generation: number = seen.generation): Fence {
  return { ...lease, seen, generation };
}

/** Takes the lease of `service`, which must be free. */
export async function writer(server: LogServer, service: string = SERVICE, holder: string = randomUUID()): Promise<Writer> {
  const lease = await server.leases.acquire(PARTITION, service, holder, LEASE_MS);
  if (!lease) throw new Error(`The lease of ${service} is not free.`);
  return {
    server,
    lease,
    append: async (...bodies) => server.log.append(fenceOf(lease, await server.log.head(PARTITION)), bodies),
  };
}

export const numbered = (count: number, from = 1): string[] => Array.from({ length: count }, (_, index) => `entry ${from + index}`);
