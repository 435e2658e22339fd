import { ArchiveBroken, readArchive } from '@torch/archive';
import { type ChainHead, positionOf } from '@torch/domain-audit';
import { formatPosition, type Log } from '@torch/log';

export interface Continuation {
  readonly place: { readonly dir: string; readonly partition: number };
  readonly log: Log;
  /** Where the archive ends. */
  readonly head: ChainHead;
}

/**
 * Makes sure that what the log has goes on where the archive ends.
 *
 * @throws ArchiveBroken naming the position where the log contradicts the end of the archive; LogUnavailable.
 */
export async function assertContinues({ place, log, head: archived }: Continuation): Promise<void> {
  if (archived.seq === 0) return;
  const { partition } = place;
  const position = positionOf(archived);
  const [first, head] = await Promise.all([log.first(partition), log.head(partition)]);
  const refuse = (problem: string): never => {
    throw new ArchiveBroken(`The log of partition ${partition} ${problem}`, position);
  };
  if (head.seq < archived.seq) refuse(`ends at ${formatPosition(head)}, and its archive at ${position}.`);
  if (first && first.seq > archived.seq + 1) refuse(`begins at ${formatPosition(first)}, and its archive ends at ${position}.`);
  if (first && first.seq > archived.seq) return;
  const [found] = await log.read(partition, archived.seq - 1, 1);
  for await (const batch of readArchive({ ...place, afterSeq: archived.seq - 1, throughSeq: archived.seq })) {
    for (const { body } of batch) {
      const isSame = found?.position.generation === archived.generation && (body === undefined || found.body === body);
      if (!isSame) refuse(`contradicts its archive at ${position}.`);
    }
  }
}
