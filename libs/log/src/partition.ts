/** Partitions of a new log; fixed once it is created. */
export const PARTITIONS_DEFAULT = 8;
export const PARTITIONS_MAX = 1024;

/** FNV-1a (32 bit) of the project's UTF-8 name: which partition holds everything about it. Never change it. */
export function partitionOf(project: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(project, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % partitions;
}

/** @throws RangeError unless it is a whole number from 1 to 1024. */
export function checkPartitionCount(partitions: number): void {
  if (Number.isInteger(partitions) && partitions >= 1 && partitions <= PARTITIONS_MAX) return;
  throw new RangeError(`A log has 1 to ${PARTITIONS_MAX} partitions, not ${partitions}.`);
}
