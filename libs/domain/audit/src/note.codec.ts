import type { Sha256 } from './chain';

/** Who signed a note, and how to tell whether they did. C2SP signed-note. */
export interface NoteKey {
  /** Without spaces and `+`. */
  readonly name: string;
  /** Eight hex digits: tells keys of one name apart, and proves nothing. */
  readonly id: string;
}

/** A public key as it is handed on. */
export interface VerifierKey extends NoteKey {
  /** 32 bytes of an Ed25519 key. */
  readonly publicKey: Uint8Array;
}

export interface NoteSigner extends NoteKey {
  /** Ed25519 over the text's UTF-8 bytes: 64 bytes. */
  sign(text: string): Uint8Array;
}

export interface NoteSignature extends NoteKey {
  readonly signature: Uint8Array;
}

export interface SignedNote {
  /** What was signed: whole lines, the last end of line included. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Checks an Ed25519 signature over a text. Handed in, like the hash. */
export type VerifySignature = (publicKey: Uint8Array, text: string, signature: Uint8Array) => boolean;

const ED25519 = 0x01;
const PUBLIC_KEY_BYTES = 32;
const ID_BYTES = 4;
/** Of one note: far more than a checkpoint with a few signatures takes. */
export const NOTE_LENGTH_MAX = 64 * 1024;
const NAME = /^[^\s+]+$/u;
const SIGNATURE_LINE = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u;
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;

/** The first four bytes of `sha256(name ‖ 0x0A ‖ 0x01 ‖ public key)`, as hex. @throws RangeError for a name or key that is none. */
export function keyId(name: string, publicKey: Uint8Array, sha256: Sha256): string {
  if (!NAME.test(name)) throw new RangeError(`"${name}" cannot be the name of a key: it is empty, or has a space or a "+".`);
  if (publicKey.length !== PUBLIC_KEY_BYTES)
    throw new RangeError(`An Ed25519 public key has ${PUBLIC_KEY_BYTES} bytes, not ${publicKey.length}.`);
  return sha256(Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([ED25519]), publicKey])).slice(0, ID_BYTES * 2);
}

/** `<name>+<id>+<base64(0x01 ‖ public key)>`, as C2SP hands on keys. */
export const formatVkey = ({ name, id, publicKey }: VerifierKey): string =>
  `${name}+${id}+${Buffer.concat([Buffer.from([ED25519]), publicKey]).toString('base64')}`;

/** Undefined when the text is not a key, or its id does not belong to it. */
export function parseVkey(text: string, sha256: Sha256): VerifierKey | undefined {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u.exec(text) ?? [];
  if (name === undefined || id === undefined || encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes[0] !== ED25519 || bytes.length !== PUBLIC_KEY_BYTES + 1 || bytes.toString('base64') !== encoded) return undefined;
  const publicKey = bytes.subarray(1);
  return keyId(name, publicKey, sha256) === id ? { name, id, publicKey } : undefined;
}

/** The note that says `text`, signed by all of `signers`. */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  const lines = signers.map(
    ({ name, id, sign }) => `\u2014 ${name} ${Buffer.concat([Buffer.from(id, 'hex'), sign(text)]).toString('base64')}\n`,
  );
  return `${text}\n${lines.join('')}`;
}

/** Takes a note apart, without checking any signature. Undefined when it is not one. */
export function parseNote(note: string): SignedNote | undefined {
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || note.length > NOTE_LENGTH_MAX || !note.endsWith('\n') || CONTROL.test(note)) return undefined;
  const signatures: NoteSignature[] = [];
  for (const line of note.slice(split + 2, -1).split('\n')) {
    const [, name, encoded] = SIGNATURE_LINE.exec(line) ?? [];
    if (name === undefined || encoded === undefined) return undefined;
    const bytes = Buffer.from(encoded, 'base64');
    if (bytes.length <= ID_BYTES || bytes.toString('base64') !== encoded) return undefined;
    signatures.push({ name, id: bytes.toString('hex', 0, ID_BYTES), signature: bytes.subarray(ID_BYTES) });
  }
  return { text: note.slice(0, split + 1), signatures };
}

/** What is to be thought of a note. A signature of a key that is not known says nothing, and is passed over. */
export type NoteVerdict =
  { readonly ok: true; readonly text: string; readonly signers: readonly VerifierKey[] } | { readonly ok: false; readonly problem: string };

/** Checks a note against the keys that are trusted: at least one of them has signed, and none of theirs is wrong. */
export function openNote(note: string, keys: readonly VerifierKey[], verify: VerifySignature): NoteVerdict {
  const parsed = parseNote(note);
  if (!parsed) return { ok: false, problem: 'It is not a signed note.' };
  const signers: VerifierKey[] = [];
  for (const { name, id, signature } of parsed.signatures) {
    const key = keys.find((known) => known.name === name && known.id === id);
    if (!key) continue;
    if (!verify(key.publicKey, parsed.text, signature)) return { ok: false, problem: `The signature of ${name} is wrong.` };
    signers.push(key);
  }
  if (signers.length > 0) return { ok: true, text: parsed.text, signers };
  const names = parsed.signatures.map(({ name, id }) => `${name} (${id})`).join(', ');
  return { ok: false, problem: `It is signed by ${names}, and by no key that is trusted.` };
}
