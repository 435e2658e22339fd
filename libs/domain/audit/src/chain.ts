/** SHA-256 of a text's UTF-8 bytes, as lower-case hex. Handed in, so that the rules stay free of any platform. */
export type Sha256 = (text: string) => string;

/** A commit as the log holds it; the chain does not look into `body`. */
export interface ChainEntry {
  readonly seq: number;
  readonly generation: number;
  readonly body: string;
}

/** One commit as the archive holds it, bound to everything before it. */
export interface ChainRecord extends ChainEntry {
  /** Hash of the record before. */
  readonly previous: string;
  /** `sha256("<previous>\n<seq>-<generation>\n<body>")`. */
  readonly hash: string;
}

/** How far a chain reaches. Whoever knows a head can tell any other chain of that length from the true one. */
export interface ChainHead {
  readonly seq: number;
  readonly generation: number;
  readonly hash: string;
}

export const GENESIS_HASH = '0'.repeat(64);

/** Before the first record. */
export const CHAIN_START: ChainHead = { seq: 0, generation: 0, hash: GENESIS_HASH };

/** The record that carries `entry` on from the record whose hash is `previous`. */
export function chainRecord(previous: string, { seq, generation, body }: ChainEntry, sha256: Sha256): ChainRecord {
  return { seq, generation, previous, body, hash: sha256(`${previous}\n${positionOf({ seq, generation })}\n${body}`) };
}

/** `<seq>-<generation>`. */
export const positionOf = ({ seq, generation }: Pick<ChainEntry, 'seq' | 'generation'>): string => `${seq}-${generation}`;
