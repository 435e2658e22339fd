import type { ChainHead } from '@torch/domain-audit';

/** What checking one partition's archive came to. Nothing behind the first fault is looked at. */
export interface PartitionProof {
  readonly partition: number;
  readonly ok: boolean;
  /** Sound records and the events in them. */
  readonly records: number;
  readonly events: number;
  /** Records whose content retention has removed. */
  readonly pruned: number;
  /** `<seq>-<generation>` of the last sound record; `0-0` without one. */
  readonly lastPosition: string;
  /** Hash of the chain there. */
  readonly head: string;
  /** Root of the tree there, as hex. */
  readonly root: string;
  /** Checkpoints whose signature, chain and tree were checked. */
  readonly checkpointsVerified: number;
  /** The last seq that a checkpoint covers. What comes behind it is sound in itself, but not signed yet. */
  readonly signedSeq: number;
  /** The first bad position, and what is wrong there. */
  readonly badPosition?: string;
  readonly problem?: string;
}

export interface ArchiveVerdict {
  readonly ok: boolean;
  readonly logId?: string;
  readonly partitions: readonly PartitionProof[];
  /** What is wrong with the archive as a whole. */
  readonly problem?: string;
}

export interface VerifyProgress {
  readonly partition: number;
  /** So far, of all partitions. */
  readonly records: number;
  readonly events: number;
  /** Of segment files, as they are on disk. */
  readonly bytesRead: number;
  readonly bytesInAll: number;
}

/** The first thing that is not as it must be. Ends the check of a partition. */
export class Fault extends Error {
  constructor(
    readonly position: string,
    message: string,
  ) {
    super(message);
    this.name = 'Fault';
  }
}

/** A check that can be left out, to prove that the tests notice. */
export type Check = 'chain' | 'tree' | 'signature' | 'manifest' | 'place';

export type Checks = (check: Check) => boolean;

export const ALL_CHECKS: Checks = () => true;

export const nextPosition = ({ seq, generation }: ChainHead): string => `${seq + 1}-${generation}`;
