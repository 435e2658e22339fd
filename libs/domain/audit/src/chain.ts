/** SHA-256 of bytes, or of a text's UTF-8 bytes, as lower-case hex. Handed in, so that the rules stay free of any platform. */
export type Sha256 = (data: string | Uint8Array) => string;

export interface ChainPosition {
  readonly seq: number;
  readonly generation: number;
}

/** A commit as the log holds it; the chain does not look into `body`. */
export interface ChainEntry extends ChainPosition {
  readonly body: string;
}

/** One commit as the archive holds it, bound to everything before it. */
export interface ChainRecord extends ChainPosition {
  /** Hash of the record before. */
  readonly previous: string;
  /** `sha256("<previous>\n<leaf>")`. */
  readonly hash: string;
  /** What stands for the commit in the chain and in the tree. */
  readonly leaf: string;
  /** Undefined once retention has removed the content. */
  readonly body: string | undefined;
}

/** A record as it is checked: with its content, or with the leaf that was kept of it. */
export interface LinkedRecord extends ChainPosition {
  readonly previous: string;
  readonly hash: string;
  readonly body?: string | Uint8Array;
  readonly leaf?: string;
}

/** How far a chain reaches. Whoever knows a head can tell any other chain of that length from the true one. */
export interface ChainHead extends ChainPosition {
  readonly hash: string;
}

export const GENESIS_HASH = '0'.repeat(64);

/** Before the first record. */
export const CHAIN_START: ChainHead = { seq: 0, generation: 0, hash: GENESIS_HASH };

/** The record that carries `entry` on from the record whose hash is `previous`. */
export function chainRecord(previous: string, { seq, generation, body }: ChainEntry, sha256: Sha256): ChainRecord {
  const leaf = leafHash({ seq, generation, body }, sha256);
  return { seq, generation, previous, hash: chainHash(previous, leaf, sha256), leaf, body };
}

/** `sha256("<previous>\n<leaf>")`, of the two as hex. */
export const chainHash = (previous: string, leaf: string, sha256: Sha256): string => sha256(`${previous}\n${leaf}`);

/** The leaf of a commit: `sha256(0x00 ‖ "<seq>-<generation>\n<body>")`, the leaf hash of RFC 6962 §2.1. */
export function leafHash(entry: ChainPosition & { readonly body: string | Uint8Array }, sha256: Sha256): string {
  const prefix = `\0${entry.seq}-${entry.generation}\n`;
  return sha256(typeof entry.body === 'string' ? prefix + entry.body : withPrefix(prefix, entry.body));
}

/** `<seq>-<generation>`. */
export const positionOf = ({ seq, generation }: ChainPosition): string => `${seq}-${generation}`;

/** Undefined when the text is not a position, or not written as `positionOf` writes it. */
export function readPosition(text: string): ChainPosition | undefined {
  const dash = text.indexOf('-');
  const seq = Number(text.slice(0, dash));
  const generation = Number(text.slice(dash + 1));
  if (dash < 1 || !Number.isSafeInteger(seq) || !Number.isSafeInteger(generation)) return undefined;
  return seq >= 0 && generation >= 0 && `${seq}-${generation}` === text ? { seq, generation } : undefined;
}

/** Used again for every leaf: a fresh buffer for each would cost more than the hash. */
let scratch = new Uint8Array(64 * 1024);

function withPrefix(prefix: string, body: Uint8Array): Uint8Array {
  const length = prefix.length + body.length;
  if (length > scratch.length) scratch = new Uint8Array(length * 2);
  for (let i = 0; i < prefix.length; i++) scratch[i] = prefix.charCodeAt(i);
  scratch.set(body, prefix.length);
  return scratch.subarray(0, length);
}
