import { formatCheckpoint, type NoteSigner, originOf, signNote } from '@torch/domain-audit';
import type { SignCheckpoint } from '../checkpoint.writer';

/** A checkpoint was asked for that contradicts one signed before: the archive lost a tail, or was written anew. */
export class CheckpointRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CheckpointRefused';
  }
}

export interface CheckpointSigning {
  readonly logId: string;
  readonly partition: number;
  /** Asked for each checkpoint, so that a key can be changed in between. */
  readonly signer: () => NoteSigner;
  /** Epoch ms. */
  readonly nowMs?: () => number;
}

/**
 * Makes signed checkpoints of one partition's trees. Two checkpoints that contradict each other would be a proof against the
 * notary: a tree of the same size as one signed before is signed again only when it has the same root.
 */
export function checkpointSigner({ logId, partition, signer, nowMs = Date.now }: CheckpointSigning): SignCheckpoint {
  const origin = originOf({ logId, partition });
  let last = { size: 0, root: '' };
  return (tree) => {
    if (tree.size === last.size && tree.root !== last.root && last.size > 0)
      throw new CheckpointRefused(`A tree of ${tree.size} leaves of ${origin} was signed before, with another root.`);
    if (tree.size > last.size) last = tree;
    return signNote(formatCheckpoint({ origin, ...tree, atMs: nowMs() }), [signer()]);
  };
}
