import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { keyId, type NoteSigner, type VerifierKey, type VerifySignature } from '@torch/domain-audit';
import { sha256 } from '../hashing';

const RAW_KEY_BYTES = 32;
/** What precedes the 32 bytes of a key in DER: SubjectPublicKeyInfo of RFC 8410. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Can sign, and says with which key. */
export interface NotaryKey extends NoteSigner, VerifierKey {
  /** PKCS #8 in PEM: a secret. */
  readonly pem: string;
}

/** A new key of that name. */
export const createNotaryKey = (name: string): NotaryKey => notaryKey(name, generateKeyPairSync('ed25519').privateKey);

/** @throws Error when the text holds no Ed25519 private key. */
export function readNotaryKey(name: string, pem: string): NotaryKey {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(`The notary signs with Ed25519, and this is a key for ${key.asymmetricKeyType}.`);
  return notaryKey(name, key);
}

function notaryKey(name: string, key: KeyObject): NotaryKey {
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-RAW_KEY_BYTES);
  return {
    name,
    id: keyId(name, publicKey, sha256),
    publicKey,
    pem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    sign: (text) => sign(null, Buffer.from(text, 'utf8'), key),
  };
}

export const verifyEd25519: VerifySignature = (publicKey, text, signature) => {
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), type: 'spki', format: 'der' });
  return signature.length === 64 && verify(null, Buffer.from(text, 'utf8'), key, signature);
};
