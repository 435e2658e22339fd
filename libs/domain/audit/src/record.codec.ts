import {
  type ChainEntry,
  chainHash,
  type ChainHead,
  type ChainRecord,
  leafHash,
  type LinkedRecord,
  positionOf,
  type Sha256,
} from './chain';

const START = '{"position":"';
const PREVIOUS = '","previous":"';
const HASH = '","hash":"';
const COMMIT = '","commit":';
const LEAF = '","leaf":"';
const HASH_LENGTH = 64;
/** Two numbers of 16 digits. */
const POSITION_LENGTH_MAX = 33;
/** Of everything before the commit. */
const HEAD_BYTES_MAX = START.length + POSITION_LENGTH_MAX + PREVIOUS.length + HASH_LENGTH + HASH.length + HASH_LENGTH + COMMIT.length;
/** In UTF-8, of one unit of a JavaScript string. */
const BYTES_PER_UNIT_MAX = 3;
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

export interface WrittenRecord extends ChainHead {
  readonly leaf: string;
  /** The commit's own bytes. They may lie in the buffer that was written to, and change with it. */
  readonly body: Buffer;
  /** Behind the line's end. */
  readonly end: number;
}

/**
 * Makes the record that carries `entry` on from the record whose hash is `previous`, and writes its line with its end, as
 * `encodeRecord` gives it. What is hashed is put together in its place, in front of the commit, before the hashes are written
 * there: the commit is copied only once.
 *
 * @returns undefined when there is too little room behind `at`.
 */
export function writeRecord(
  into: Buffer,
  at: number,
  { previous, ...entry }: ChainEntry & { readonly previous: string },
  sha256: Sha256,
): WrittenRecord | undefined {
  const { seq, generation, body } = entry;
  const position = positionOf(entry);
  const content = embedded(body);
  const isText = content !== body;
  const contentAt = at + HEAD_BYTES_MAX - POSITION_LENGTH_MAX + position.length;
  const room = into.length - contentAt - 2;
  if (room < content.length * BYTES_PER_UNIT_MAX && room < Buffer.byteLength(content)) return undefined;
  const contentEnd = contentAt + into.write(content, contentAt);
  const leaf = isText ? leafHash(entry, sha256) : sha256(leafInPlace(into, position, contentAt, contentEnd));
  const hash = chainHash(previous, leaf, sha256);
  into.write(START + position + PREVIOUS + previous + HASH + hash + COMMIT, at, 'latin1');
  into[contentEnd] = CLOSING_BRACE;
  into[contentEnd + 1] = NEWLINE;
  return { seq, generation, hash, leaf, body: isText ? Buffer.from(body) : into.subarray(contentAt, contentEnd), end: contentEnd + 2 };
}

/** What the leaf is the hash of, put together in front of the commit. */
function leafInPlace(bytes: Buffer, position: string, bodyAt: number, bodyEnd: number): Buffer {
  const start = bodyAt - position.length - 2;
  bytes[start] = 0;
  for (let i = 0; i < position.length; i++) bytes[start + 1 + i] = position.charCodeAt(i);
  bytes[bodyAt - 1] = NEWLINE;
  return bytes.subarray(start, bodyEnd);
}

/** One line of a segment, taken apart but not checked. It has either a body or a leaf. */
export class RecordLine implements LinkedRecord {
  constructor(
    private readonly lines: Buffer,
    private readonly place: LinePlace,
    /** The commit where the line holds it as a JSON string. */
    private readonly text: Buffer | undefined,
    readonly seq: number,
    readonly generation: number,
    readonly previous: string,
    readonly hash: string,
    /** In place of the body of a pruned record. */
    readonly leaf?: string,
  ) {}

  /** The commit's bytes as the log held them. They may lie in the line's buffer, and change with it. */
  get body(): Buffer | undefined {
    return this.leaf === undefined ? (this.text ?? this.lines.subarray(this.place.bodyAt, this.place.end - 1)) : undefined;
  }

  /**
   * The record's leaf, for whoever has no use for the line any more: what is hashed is put together in its place, in front of
   * the commit, where its hashes were. That saves a copy of every commit.
   */
  takeLeaf(sha256: Sha256): string {
    const { lines, text, seq, generation, place } = this;
    if (this.leaf !== undefined) return this.leaf;
    if (text) return leafHash({ seq, generation, body: text }, sha256);
    return sha256(leafInPlace(lines, positionOf(this), place.bodyAt, place.end - 1));
  }
}

interface LinePlace {
  /** Where the commit begins that the line holds as it is. */
  readonly bodyAt: number;
  readonly end: number;
}

/**
 * Takes a line apart at fixed places, without reading the commit as JSON: its bytes come back exactly.
 *
 * @param lines the bytes from `start` to `end` are one line's, without its end.
 * @returns undefined when the line is not what `encodeRecord` writes.
 */
export function decodeRecord(lines: Buffer, start = 0, end = lines.length): RecordLine | undefined {
  const head = lines.toString('latin1', start, Math.min(start + HEAD_BYTES_MAX, end));
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
    lines[end - 1] !== CLOSING_BRACE
  )
    return undefined;
  const seq = numberIn(head, START.length, dash);
  const generation = numberIn(head, dash + 1, positionEnd);
  const previous = head.slice(previousAt, previousAt + HASH_LENGTH);
  const hash = head.slice(hashAt, contentAt);
  const place = { bodyAt: start + contentAt + COMMIT.length, end };
  if (seq < 0 || generation < 0) return undefined;
  if (head.startsWith(COMMIT, contentAt)) {
    const isText = lines[place.bodyAt] === QUOTE;
    const text = isText ? textIn(lines.subarray(place.bodyAt, end - 1)) : undefined;
    if (isText ? !text : lines[place.bodyAt] !== OPENING_BRACE) return undefined;
    return new RecordLine(lines, place, text, seq, generation, previous, hash);
  }
  if (!head.startsWith(LEAF, contentAt)) return undefined;
  const leaf = lines.toString('latin1', start + contentAt + LEAF.length, end - 2);
  if (!HEX.test(leaf) || lines[end - 2] !== QUOTE) return undefined;
  return new RecordLine(lines, place, undefined, seq, generation, previous, hash, leaf);
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
function textIn(bytes: Buffer): Buffer | undefined {
  const text = bytes.toString('utf8');
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  return typeof body === 'string' && embedded(body) === text ? Buffer.from(body, 'utf8') : undefined;
}
