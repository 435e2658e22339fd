import { extendProof, EMPTY_PROOF, Frontier, type ChainProof } from '@torch/domain-audit';
import type { ArchiveDisk } from './archive-disk';
import type { ArchiveLock } from './archive-lock.adapter';
import type { ArchivePlace } from './archive.layout';
import { readArchive } from './archive.reader';
import type { SignCheckpoint } from './checkpoint.writer';
import { sha256 } from './hashing';
import { NODE_DISK } from './node-disk.adapter';
import type { ArchiveEntry } from './record-lines';
import { positionOf } from '@torch/domain-audit';
import { listSegments } from './segment-list';
import { eachLine, readSegmentLines } from './segment-lines.reader';
import { decodeRecord } from '@torch/domain-audit';

/** A lock that nobody else wants. */
export const FREE: ArchiveLock = {
  token: 'free',
  assertHeld: async () => undefined,
  rest: () => undefined,
  keep: () => undefined,
  release: async () => undefined,
};
export const unlocked = (): Promise<ArchiveLock> => Promise.resolve(FREE);

/** Says what a notary would sign. */
export const unsigned: SignCheckpoint = ({ size, root, head, manifest }) =>
  `${size} ${root} ${positionOf(head)} ${head.hash} ${manifest}\n`;

/** The commit at `seq`, always the same one. */
export const entry = (seq: number, text = 'x'.repeat(seq % 7)): ArchiveEntry => ({
  position: { seq, generation: seq < 10 ? 0 : 1 },
  body: JSON.stringify({
    service: 'scheduler',
    recordedAtMs: 1000 + seq,
    events: Array.from({ length: seq % 3 }, (_, i) => ({ type: 'task.submitted', project: `project-${i}`, text: `${seq} ${text} €` })),
  }),
});

/** Everything that can be read, with every hash checked. */
export async function checkedArchive(
  place: ArchivePlace,
  disk: ArchiveDisk = NODE_DISK,
): Promise<ChainProof & { bodies: string[]; root: string }> {
  const bodies: string[] = [];
  for await (const batch of readArchive({ ...place, disk })) for (const { body } of batch) bodies.push(body as string);
  const frontier = Frontier.empty(sha256);
  let proof = EMPTY_PROOF;
  for (const segment of await listSegments(place, disk))
    for await (const lines of readSegmentLines(segment, { disk }))
      eachLine(lines, (line) => {
        const record = decodeRecord(line);
        proof = extendProof(proof, record, sha256);
      });
  for await (const batch of readArchive({ ...place, disk })) for (const { leaf } of batch) frontier.append(leaf);
  return { ...proof, bodies, root: frontier.root() };
}
