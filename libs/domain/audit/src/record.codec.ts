import { type ChainRecord, leafHash, type LinkedRecord, type Sha256 } from './chain';

const START = '{"position":"';
const PREVIOUS = '","previous":"';
const HASH = '","hash":"';
const COMMIT = '","commit":';
const LEAF = '","leaf":"';
const HASH_LENGTH = 64;
/** Of everything before the commit: two numbers of 16 digits are the longest position. */
const HEAD_BYTES_MAX = START.length + 33 + PREVIOUS.length + HASH_LENGTH + HASH.length + HASH_LENGTH + COMMIT.length;
const HEX = /^[0-9a-f]{64}$/;
const DIGITS_MAX = 16;
const ZERO = 0x30;
const NINE = 0x39;
const NEWLINE = 0x0a;
const QUOTE = 0x22;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** One line of NDJSON, without its end. */
export function encodeRecord({ seq, generation, previous, hash, leaf, body }: ChainRecord): string {
  const content = body === undefined ? `leaf":"${leaf}"}` : `commit":${embedded(body)}}`;
  return `{"position":"${seq}-${generation}","previous":"${previous}","hash":"${hash}","${content}`;
}

/** A commit goes in as it is, being one line of JSON; whatever else the log held there, as a JSON string. */
function embedded(body: string): string {
  return body.startsWith('{') && !body.includes('\n') && !body.includes('\r') ? body : JSON.stringify(body);
}

/** One line of a segment, taken apart but not checked. It has either a body or a leaf. */
export class RecordLine implements LinkedRecord {
  constructor(
    private readonly line: Buffer,
    private readonly positionEnd: number,
    /** Where the commit begins that the line holds as it is. */
    private readonly bodyAt: number,
    /** The commit where the line holds it as a JSON string. */
    private readonly text: Uint8Array | undefined,
    readonly seq: number,
    readonly generation: number,
    readonly previous: string,
    readonly hash: string,
    /** In place of the body of a pruned record. */
    readonly leaf?: string,
  ) {}

  /** The commit's bytes as the log held them. They may lie in the line's buffer, and change with it. */
  get body(): Uint8Array | undefined {
    return this.leaf === undefined ? (this.text ?? this.line.subarray(this.bodyAt, this.line.length - 1)) : undefined;
  }

  /**
   * The record's leaf, for whoever has no use for the line any more: what is hashed is put together in its place, in front of
   * the commit, where its hashes were. That saves a copy of every commit.
   */
  takeLeaf(sha256: Sha256): string {
    const { line, text, bodyAt, positionEnd } = this;
    if (this.leaf !== undefined) return this.leaf;
    if (text) return leafHash({ seq: this.seq, generation: this.generation, body: text }, sha256);
    const start = bodyAt - (positionEnd - START.length) - 2;
    line[start] = 0;
    line.copyWithin(start + 1, START.length, positionEnd);
    line[bodyAt - 1] = NEWLINE;
    return sha256(line.subarray(start, line.length - 1));
  }
}

/**
 * Takes a line apart at fixed places, without reading the commit as JSON: its bytes come back exactly.
 *
 * @param line one line's bytes without its end.
 * @returns undefined when the line is not what `encodeRecord` writes.
 */
export function decodeRecord(line: Buffer): RecordLine | undefined {
  const head = line.toString('latin1', 0, Math.min(HEAD_BYTES_MAX, line.length));
  const dash = endOfNumber(head, START.length);
  const positionEnd = endOfNumber(head, dash + 1);
  const previousAt = positionEnd + PREVIOUS.length;
  const hashAt = previousAt + HASH_LENGTH + HASH.length;
  const contentAt = hashAt + HASH_LENGTH;
  if (
    !head.startsWith(START) ||
    head[dash] !== '-' ||
    !head.startsWith(PREVIOUS, positionEnd) ||
    !head.startsWith(HASH, previousAt + HASH_LENGTH) ||
    line[line.length - 1] !== CLOSING_BRACE
  )
    return undefined;
  const seq = numberIn(head, START.length, dash);
  const generation = numberIn(head, dash + 1, positionEnd);
  const previous = head.slice(previousAt, previousAt + HASH_LENGTH);
  const hash = head.slice(hashAt, contentAt);
  const bodyAt = contentAt + COMMIT.length;
  if (seq < 0 || generation < 0) return undefined;
  if (head.startsWith(COMMIT, contentAt)) {
    const isText = line[bodyAt] === QUOTE;
    const text = isText ? textIn(line.subarray(bodyAt, line.length - 1)) : undefined;
    if (isText ? !text : line[bodyAt] !== OPENING_BRACE) return undefined;
    return new RecordLine(line, positionEnd, bodyAt, text, seq, generation, previous, hash);
  }
  if (!head.startsWith(LEAF, contentAt)) return undefined;
  const leaf = line.toString('latin1', contentAt + LEAF.length, line.length - 2);
  if (!HEX.test(leaf) || line[line.length - 2] !== QUOTE) return undefined;
  return new RecordLine(line, positionEnd, bodyAt, undefined, seq, generation, previous, hash, leaf);
}

function endOfNumber(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); code >= ZERO && code <= NINE; code = text.charCodeAt(++at));
  return at;
}

/** -1 when it is not a whole number as it is usually written. */
function numberIn(text: string, from: number, to: number): number {
  if (to === from || to - from > DIGITS_MAX || (to - from > 1 && text.charCodeAt(from) === ZERO)) return -1;
  let value = 0;
  for (let at = from; at < to; at++) value = value * 10 + text.charCodeAt(at) - ZERO;
  return value <= Number.MAX_SAFE_INTEGER ? value : -1;
}

/** The commit that stands in the line as a JSON string; undefined when it is not written as `encodeRecord` writes it. */
function textIn(bytes: Buffer): Uint8Array | undefined {
  const text = bytes.toString('utf8');
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  return typeof body === 'string' && embedded(body) === text ? Buffer.from(body, 'utf8') : undefined;
}
