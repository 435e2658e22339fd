import { GENESIS_HASH, type Sha256 } from './chain';

/** A segment was closed: its content will not grow any more. */
export interface SegmentSealed {
  readonly kind: 'sealed';
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** `<seq>-<generation>`, like `lastPosition`. */
  readonly firstPosition: string;
  readonly lastPosition: string;
  readonly records: number;
  readonly events: number;
  /** Of the records, before and after compression. */
  readonly bytes: number;
  readonly gzBytes: number;
  /** Of the compressed file. */
  readonly sha256: string;
  /** All projects with an event in the segment, in ascending order. */
  readonly projects: readonly string[];
  /** The earliest and latest `recordedAtMs` of its commits, epoch ms. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Hash of the chain behind the last record. */
  readonly head: string;
  /** The tree behind the last record, see `Frontier`. */
  readonly frontier: readonly string[];
  /** A signed checkpoint of at least `lastSeq`. */
  readonly checkpoint: string;
  readonly sealedAtMs: number;
}

/** Retention removed content from a sealed segment: the file was written anew, with leaves in place of some commits. */
export interface SegmentPruned {
  readonly kind: 'pruned';
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** All records of the segment that have no content any more. */
  readonly pruned: number;
  /** Of the file as it is from now on. */
  readonly bytes: number;
  readonly gzBytes: number;
  readonly sha256: string;
  readonly projects: readonly string[];
  /** Which rule of retention asked for it. */
  readonly reason: string;
  readonly prunedAtMs: number;
}

/** A sealed segment is in an object store as well. */
export interface SegmentUploaded {
  readonly kind: 'uploaded';
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Such as `s3://bucket/prefix`. */
  readonly store: string;
  readonly key: string;
  /** Of the file as it was uploaded. */
  readonly sha256: string;
  readonly gzBytes: number;
  readonly uploadedAtMs: number;
}

export type ManifestFact = SegmentSealed | SegmentPruned | SegmentUploaded;

/** A line of the manifest, bound to the line before it. */
export type ManifestLine = ManifestFact & { readonly previous: string };

/** `previous` of the first line. */
export const MANIFEST_START = GENESIS_HASH;

/** The line for `fact`, without its end. */
export const encodeManifestLine = (fact: ManifestFact, previous: string): string => JSON.stringify({ ...fact, previous });

/** What the next line, and the next checkpoint, name as the line before. */
export const manifestHash = (line: string | Uint8Array, sha256: Sha256): string => sha256(line);

/** Undefined when the line is not JSON of a known kind with the fields that all kinds have. */
export function decodeManifestLine(line: string): ManifestLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return isManifestLine(value) ? value : undefined;
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isHash = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
const isText = (value: unknown): boolean => typeof value === 'string';
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);

const FIELDS: Readonly<Record<ManifestFact['kind'], Readonly<Record<string, (value: unknown) => boolean>>>> = {
  sealed: {
    firstSeq: isCount,
    lastSeq: isCount,
    firstPosition: isText,
    lastPosition: isText,
    records: isCount,
    events: isCount,
    bytes: isCount,
    gzBytes: isCount,
    sha256: isHash,
    projects: isTexts,
    fromMs: isCount,
    toMs: isCount,
    head: isHash,
    frontier: isTexts,
    checkpoint: isText,
    sealedAtMs: isCount,
    previous: isHash,
  },
  pruned: {
    firstSeq: isCount,
    lastSeq: isCount,
    pruned: isCount,
    bytes: isCount,
    gzBytes: isCount,
    sha256: isHash,
    projects: isTexts,
    reason: isText,
    prunedAtMs: isCount,
    previous: isHash,
  },
  uploaded: {
    firstSeq: isCount,
    lastSeq: isCount,
    store: isText,
    key: isText,
    sha256: isHash,
    gzBytes: isCount,
    uploadedAtMs: isCount,
    previous: isHash,
  },
};

function isManifestLine(value: unknown): value is ManifestLine {
  if (value === null || typeof value !== 'object') return false;
  const line = value as Record<string, unknown>;
  const fields = Object.hasOwn(FIELDS, String(line.kind)) ? FIELDS[line.kind as ManifestFact['kind']] : undefined;
  return fields !== undefined && Object.entries(fields).every(([name, fits]) => fits(line[name]));
}
