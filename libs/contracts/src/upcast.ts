import { InvariantViolation } from '@torch/kernel';
import type { EventContract } from './contract';

/**
 * Data of an older version, lifted to the contract's newest.
 *
 * @throws InvariantViolation at a version that this build does not know: reading on would be guessing.
 */
export function upcast(contract: EventContract, v: number, data: unknown): unknown {
  if (v === contract.v) return data;
  if (!Number.isInteger(v) || v < 1 || v > contract.v) {
    throw new InvariantViolation(
      `${contract.type} has version ${v} in the log, and this build knows 1 to ${contract.v}. Upgrade before reading on.`,
    );
  }
  return contract.upcasters.slice(v - 1).reduce<unknown>((older, lift) => lift(older as never), data);
}
