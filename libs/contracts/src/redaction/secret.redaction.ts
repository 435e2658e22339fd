import { mayHoldSecret, SECRET_SHAPES } from './secret.shapes';

/** The text with every secret replaced by `[redacted:<kind>]`. A text without any comes back as it is. */
export const redactText = (text: string): string => replaceSecrets(text, (kind) => marker(kind));

/** As `redactText`, but of the same length: the rest of a secret is stars, so that places behind it stay what they were. */
export const maskText = (text: string): string => replaceSecrets(text, (kind, length) => marker(kind).padEnd(length, '*').slice(0, length));

/** The first kind of secret in the text; undefined when there is none. */
export function secretKind(text: string): string | undefined {
  let found: string | undefined;
  replaceSecrets(text, (kind, length) => {
    found ??= kind;
    return '*'.repeat(length);
  });
  return found;
}

const marker = (kind: string): string => `[redacted:${kind}]`;

function replaceSecrets(text: string, replacement: (kind: string, length: number) => string): string {
  if (!mayHoldSecret(text)) return text;
  let clean = text;
  for (const { kind, pattern } of SECRET_SHAPES) {
    clean = clean.replace(pattern, (...args) => {
      const { before = '', secret = '' } = args.at(-1) as { before?: string; secret?: string };
      return before + replacement(kind, secret.length);
    });
  }
  return clean;
}
