import { join } from 'node:path';

/** Where things are in an archive. `dir` is the archive's own directory. */
export interface ArchivePlace {
  readonly dir: string;
  readonly partition: number;
}

/** A segment's file as the directory shows it. */
export interface SegmentFile {
  readonly path: string;
  readonly name: string;
  /** Seq of its first record. */
  readonly firstSeq: number;
  /** Gzip, and never written again. */
  readonly isSealed: boolean;
}

export const LOG_NOTE = 'log.json';
export const NOTARY_KEYS = 'notary.pub';
export const MANIFEST = 'manifest.ndjson';
export const CHECKPOINT = 'checkpoint';
export const INDEX = 'index';
export const LOCK = 'lock';
/** What a name ends with while its file is being written; such a file may be deleted whenever nobody writes. */
export const UNFINISHED = '.tmp';

const SEQ_DIGITS = 16;
const SEGMENT_NAME = /^segment-(\d{16})\.ndjson(\.gz)?$/;
const PARTITION_NAME = /^p(\d{2,4})$/;

/** `p03` */
export const partitionName = (partition: number): string => `p${String(partition).padStart(2, '0')}`;

/** Undefined when the name is not one of a partition's directory. */
export function partitionOfName(name: string): number | undefined {
  const [, digits] = PARTITION_NAME.exec(name) ?? [];
  return digits !== undefined && partitionName(Number(digits)) === name ? Number(digits) : undefined;
}

export const partitionDir = ({ dir, partition }: ArchivePlace): string => join(dir, partitionName(partition));
export const manifestPath = (place: ArchivePlace): string => join(partitionDir(place), MANIFEST);
export const lockPath = (place: ArchivePlace): string => join(partitionDir(place), LOCK);
export const checkpointPath = (place: ArchivePlace): string => join(partitionDir(place), CHECKPOINT);

export const openSegmentName = (firstSeq: number): string => `segment-${String(firstSeq).padStart(SEQ_DIGITS, '0')}.ndjson`;
export const sealedSegmentName = (firstSeq: number): string => `${openSegmentName(firstSeq)}.gz`;

/** The segments among the names of a partition's directory, in order; a segment that is there in both forms is listed as the open one. */
export function segmentsAmong(place: ArchivePlace, names: readonly string[]): SegmentFile[] {
  const bySeq = new Map<number, SegmentFile>();
  for (const name of names) {
    const [, digits, gz] = SEGMENT_NAME.exec(name) ?? [];
    if (digits === undefined) continue;
    const firstSeq = Number(digits);
    if (gz !== undefined && bySeq.has(firstSeq)) continue;
    bySeq.set(firstSeq, { path: join(partitionDir(place), name), name, firstSeq, isSealed: gz !== undefined });
  }
  return [...bySeq.values()].sort((a, b) => a.firstSeq - b.firstSeq);
}
