import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { sha256 } from './hashing.fixture';
import {
  formatVkey,
  keyId,
  NOTE_LENGTH_MAX,
  type NoteSigner,
  openNote,
  parseNote,
  parseVkey,
  signNote,
  type VerifierKey,
  type VerifySignature,
} from './note.codec';

/** A key of a fixed seed: RFC 8032 §7.1, test 1 and test 2. */
const SEEDS = [
  '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
  '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
];

function keyOf(name: string, seed = SEEDS[0]!): NoteSigner & VerifierKey {
  const key = createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(seed, 'hex')]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
  return { name, id: keyId(name, publicKey, sha256), publicKey, sign: (text) => sign(null, Buffer.from(text), key) };
}

const verifies: VerifySignature = (publicKey, text, signature) =>
  verify(
    null,
    Buffer.from(text),
    createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]), format: 'der', type: 'spki' }),
    signature,
  );

const first = keyOf('example.com/log');
const second = keyOf('example.com/log', SEEDS[1]);
const TEXT = 'If you think cryptography is the answer to your problem,\nthen you do not know what your problem is.\n\nA line more.\n';

describe('a signed note', () => {
  // The key and note of the documentation of golang.org/x/mod/sumdb/note.
  const PETER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
  const NOTE =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
    '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

  it('is the one that other implementations write', () => {
    const key = parseVkey(PETER, sha256)!;
    expect(key).toMatchObject({ name: 'PeterNeumann', id: 'c74f20a3' });
    expect(formatVkey(key)).toBe(PETER);
    expect(openNote(NOTE, [key], verifies)).toMatchObject({ ok: true, signers: [{ name: 'PeterNeumann' }] });
    expect(openNote(NOTE.replace('answer', 'Answer'), [key], verifies)).toEqual({
      ok: false,
      problem: 'The signature of PeterNeumann is wrong.',
    });
  });

  it('is opened by whoever trusts one of its keys', () => {
    const note = signNote(TEXT, [first, second]);
    expect(openNote(note, [first], verifies)).toMatchObject({ ok: true, text: TEXT, signers: [{ id: first.id }] });
    expect(openNote(note, [second, first], verifies)).toMatchObject({ ok: true, signers: [{ id: first.id }, { id: second.id }] });
    expect(openNote(signNote(TEXT, [second]), [first], verifies)).toEqual({
      ok: false,
      problem: `It is signed by example.com/log (${second.id}), and by no key that is trusted.`,
    });
  });

  it('is refused whole when one trusted key has a wrong signature in it', () => {
    const forged: NoteSigner = { ...second, sign: first.sign };
    expect(openNote(signNote(TEXT, [first, forged]), [first, second], verifies).ok).toBe(false);
    expect(openNote(signNote(TEXT, [first, forged]), [first], verifies).ok).toBe(true);
  });

  const note = signNote('text\n', [first]);
  it.each([
    '',
    'text\n',
    'text\n\n',
    note.slice(0, -1),
    note.replace('\u2014', '-'),
    note.replace('text', 'te\rxt'),
    note.replace('text', 'te\u0000xt'),
    note.replace(/ \S+\n$/, ' AAAA\n'),
    note.replace(/ \S+\n$/, ' A\n'),
    note.replace('example.com/log', 'example.com /log'),
    `${'x'.repeat(NOTE_LENGTH_MAX)}${note}`,
  ])('is not read out of %#', (broken) => {
    expect(parseNote(broken)).toBeUndefined();
    expect(openNote(broken, [first], verifies)).toEqual({ ok: false, problem: 'It is not a signed note.' });
  });
});

describe('a key', () => {
  it('is handed on as text', () =>
    expect(parseVkey(formatVkey(first), sha256)).toEqual({ name: first.name, id: first.id, publicKey: first.publicKey }));

  const vkey = formatVkey(first);
  it.each([
    '',
    'x',
    vkey.replace(first.id, second.id),
    vkey.slice(0, -4),
    vkey.replace(/\+A(?=\S{43}$)/, '+B'),
    vkey.replace('log', 'log '),
    ` ${vkey}`,
  ])('is not read out of %j', (broken) => expect(parseVkey(broken, sha256)).toBeUndefined());

  it('needs a name that a line can hold, and 32 bytes', () => {
    for (const name of ['', 'a b', 'a+b', 'a\nb']) expect(() => keyId(name, first.publicKey, sha256)).toThrow(RangeError);
    expect(() => keyId('a', first.publicKey.subarray(1), sha256)).toThrow(RangeError);
  });
});
