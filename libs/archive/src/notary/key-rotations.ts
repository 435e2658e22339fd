import { join } from 'node:path';
import { parseVkey, type VerifierKey } from '@torch/domain-audit';
import { type ArchiveDisk, readWhole } from '../archive-disk';
import { sha256 } from '../hashing';
import { verifyEd25519 } from './ed25519';

/** In the archive's directory, one a line: how each key of the notary was handed over to the next. */
export const KEY_ROTATIONS = 'notary.rotations';

/** One key vouches for the next. */
export interface KeyRotation {
  readonly vkey: string;
  /** `<name>+<id>` of the key before. */
  readonly previousKey: string;
  /** Of the key before, over `rotationText`: base64. */
  readonly signature: string;
  /** Epoch ms. */
  readonly rotatedAtMs: number;
}

/** What the key before signs. It cannot be taken for a checkpoint. */
export const rotationText = ({ vkey, rotatedAtMs }: Pick<KeyRotation, 'vkey' | 'rotatedAtMs'>): string =>
  `torch-notary-rotation\n${vkey}\ntime ${rotatedAtMs}\n`;

/** All rotations that an archive tells of, oldest first. Lines that are none are passed over: they prove nothing. */
export async function readRotations({ dir }: { dir: string }, disk: ArchiveDisk): Promise<KeyRotation[]> {
  const text = (await readWhole(disk, join(dir, KEY_ROTATIONS)))?.toString('utf8') ?? '';
  return text.split('\n').flatMap((line) => {
    const rotation = parseRotation(line);
    return rotation ? [rotation] : [];
  });
}

/** The keys, and every key that one of them has handed over to, directly or through others. */
export async function trustedKeys({ dir, keys }: { dir: string; keys: readonly VerifierKey[] }, disk: ArchiveDisk): Promise<VerifierKey[]> {
  const trusted = [...keys];
  for (const rotation of await readRotations({ dir }, disk)) {
    const key = parseVkey(rotation.vkey, sha256);
    const previous = trusted.find(({ name, id }) => `${name}+${id}` === rotation.previousKey);
    if (key && previous && verifyEd25519(previous.publicKey, rotationText(rotation), Buffer.from(rotation.signature, 'base64')))
      trusted.push(key);
  }
  return trusted;
}

function parseRotation(line: string): KeyRotation | undefined {
  let value: Partial<KeyRotation> | null;
  try {
    value = JSON.parse(line) as Partial<KeyRotation> | null;
  } catch {
    return undefined;
  }
  const { vkey, previousKey, signature, rotatedAtMs } = value ?? {};
  if (typeof vkey !== 'string' || typeof previousKey !== 'string' || typeof signature !== 'string') return undefined;
  return Number.isSafeInteger(rotatedAtMs) ? { vkey, previousKey, signature, rotatedAtMs: rotatedAtMs as number } : undefined;
}
