import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { SEALED_PATTERN } from '@torch/contracts';
import type { SubjectKey, SubjectKeys } from './subject-keys';

/** Stands for a text whose key was destroyed. */
export const ERASED_TEXT = '[erased]';
/** Stands for a text whose key is there and does not open it: it was changed. */
export const UNREADABLE_TEXT = '[unreadable]';

const CIPHER = 'aes-256-gcm';
/** As NIST SP 800-38D wants them: random nonces of 96 bits (at most 2^32 texts a key), tags of 128. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** `sealed:1:<key id>:<base64url of nonce, ciphertext and tag>`, with everything before the last colon authenticated. */
export function sealText(text: string, key: SubjectKey): string {
  const header = `sealed:1:${key.id}`;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key.secret, nonce).setAAD(Buffer.from(header));
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${header}:${sealed.toString('base64url')}`;
}

/** The text as it was written, or what stands for it. A text that is not sealed comes back as it is. */
export function openText(text: string, keys: Pick<SubjectKeys, 'find'>): string {
  if (!SEALED_PATTERN.test(text)) return text;
  const at = text.lastIndexOf(':');
  const header = text.slice(0, at);
  const key = keys.find(header.slice('sealed:1:'.length));
  if (!key) return ERASED_TEXT;
  const bytes = Buffer.from(text.slice(at + 1), 'base64url');
  try {
    const decipher = createDecipheriv(CIPHER, key.secret, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(header))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    return UNREADABLE_TEXT;
  }
}
