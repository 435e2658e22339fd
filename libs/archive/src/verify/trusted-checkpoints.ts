import { type Checkpoint, openNote, originOf, parseCheckpoint, type VerifierKey } from '@torch/domain-audit';
import { verifyEd25519 } from '../notary/ed25519';

export interface CheckpointTrust {
  readonly logId: string;
  readonly partition: number;
  readonly keys: readonly VerifierKey[];
  /** False leaves the signatures unchecked. */
  readonly isSignatureChecked?: boolean;
}

/** The checkpoint that a note holds, or why it is not to be trusted. */
export function openCheckpoint(note: string, trust: CheckpointTrust): Checkpoint | { readonly problem: string } {
  const { logId, partition, keys, isSignatureChecked = true } = trust;
  const opened = openNote(note, keys, verifyEd25519);
  if (!opened.ok && isSignatureChecked) return { problem: opened.problem };
  const checkpoint = parseCheckpoint(opened.ok ? opened.text : note.slice(0, note.lastIndexOf('\n\n') + 1));
  if (!checkpoint) return { problem: 'It does not say what a checkpoint says.' };
  const origin = originOf({ logId, partition });
  if (checkpoint.origin !== origin) return { problem: `It is for ${checkpoint.origin}, not for ${origin}.` };
  return checkpoint;
}
