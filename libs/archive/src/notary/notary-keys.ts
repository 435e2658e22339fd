import { randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatVkey, parseVkey, type VerifierKey } from '@torch/domain-audit';
import { NOTARY_KEYS } from '../archive.layout';
import { sha256 } from '../hashing';
import { NODE_DISK } from '../node-disk.adapter';
import { createNotaryKey, type NotaryKey, readNotaryKey } from './ed25519';
import { KEY_ROTATIONS, type KeyRotation, readRotations, rotationText } from './key-rotations';

/** Where the notary's keys are. The private one is never in the archive. */
export interface NotaryPlace {
  readonly dataDir: string;
  readonly archiveDir: string;
}

/** The private key cannot be used: it is missing, no key, or open to others. */
export class NotaryKeyInvalid extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotaryKeyInvalid';
  }
}

const VKEY_LINE = /^vkey (\S+)\n/;
const OTHERS_MODE = 0o077;

export const notaryKeyPath = ({ dataDir }: Pick<NotaryPlace, 'dataDir'>): string => join(dataDir, 'keys', 'notary.key');
export const notaryPubPath = ({ archiveDir }: Pick<NotaryPlace, 'archiveDir'>): string => join(archiveDir, NOTARY_KEYS);

/**
 * The notary's key; a new one when there is none yet. Its public part is in the archive when this has resolved.
 *
 * Where several processes begin at once, all of them get the same key.
 *
 * @throws NotaryKeyInvalid
 */
export async function ensureNotaryKey(place: NotaryPlace, logId: string): Promise<NotaryKey> {
  const path = notaryKeyPath(place);
  const existing = loadNotaryKey(place);
  if (!existing) {
    const unfinished = await writeKey(path, createNotaryKey(`torch/${logId}/notary-1`));
    await link(unfinished, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await rm(unfinished);
    await NODE_DISK.syncDir(dirname(path));
  }
  const key = existing ?? loadNotaryKey(place);
  if (!key) throw new NotaryKeyInvalid(`${path} was taken away while it was made.`);
  await publish(place, key);
  return key;
}

/** The key in its file; undefined when there is none. @throws NotaryKeyInvalid */
export function loadNotaryKey(place: Pick<NotaryPlace, 'dataDir'>): NotaryKey | undefined {
  const path = notaryKeyPath(place);
  let text: string;
  try {
    const { mode } = statSync(path);
    if ((mode & OTHERS_MODE) !== 0)
      throw new NotaryKeyInvalid(`${path} can be read by others (mode ${(mode & 0o777).toString(8)}); it must be 600.`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const [, vkey = ''] = VKEY_LINE.exec(text) ?? [];
  const named = parseVkey(vkey, sha256);
  if (!named) throw new NotaryKeyInvalid(`${path} does not begin with the public part of its key, "vkey …".`);
  let key: NotaryKey;
  try {
    key = readNotaryKey(named.name, text.slice(text.indexOf('-----BEGIN')));
  } catch (error) {
    throw new NotaryKeyInvalid(`${path} holds no key that can sign: ${(error as Error).message}`);
  }
  if (key.id !== named.id) throw new NotaryKeyInvalid(`${path} holds another key than the one that it names.`);
  return key;
}

/**
 * Puts a new key in the old one's place. The old one signs it before it goes, so that whoever trusts the old one can trust
 * the new one. A service that is running takes the new one up with its next checkpoint.
 *
 * @throws NotaryKeyInvalid when there is no key to be replaced.
 */
export async function rotateNotaryKey(
  place: NotaryPlace,
  nowMs: number,
): Promise<{ previous: NotaryKey; key: NotaryKey; rotation: KeyRotation }> {
  const path = notaryKeyPath(place);
  const previous = loadNotaryKey(place);
  if (!previous)
    throw new NotaryKeyInvalid(`There is no key at ${path} that could be replaced: the audit service makes it when it first starts.`);
  const key = createNotaryKey(nextName(previous.name));
  const vkey = formatVkey(key);
  const signature = Buffer.from(previous.sign(rotationText({ vkey, rotatedAtMs: nowMs }))).toString('base64');
  const rotation = { vkey, previousKey: `${previous.name}+${previous.id}`, signature, rotatedAtMs: nowMs };
  const unfinished = await writeKey(path, key);
  await publish(place, previous);
  await appendLine(join(place.archiveDir, KEY_ROTATIONS), JSON.stringify(rotation));
  await publish(place, key);
  await rename(unfinished, path);
  await NODE_DISK.syncDir(dirname(path));
  return { previous, key, rotation };
}

/** The public keys of a file, one a line. @throws NotaryKeyInvalid naming the line that is none. */
export async function readVerifierKeys(path: string): Promise<VerifierKey[]> {
  const keys: VerifierKey[] = [];
  for (const [i, line] of (await readFile(path, 'utf8')).split('\n').entries()) {
    if (line.trim() === '') continue;
    const key = parseVkey(line.trim(), sha256);
    if (!key) throw new NotaryKeyInvalid(`Line ${i + 1} of ${path} is not a public key: <name>+<8 hex digits>+<base64>.`);
    keys.push(key);
  }
  if (keys.length === 0) throw new NotaryKeyInvalid(`${path} holds no public key.`);
  return keys;
}

/** How `key` came about: the first key of its line, and every handover since, oldest first. */
export async function lineageOf(
  { archiveDir }: Pick<NotaryPlace, 'archiveDir'>,
  key: VerifierKey,
): Promise<{ firstVkey: string; rotations: KeyRotation[] }> {
  const all = await readRotations({ dir: archiveDir }, NODE_DISK);
  const rotations: KeyRotation[] = [];
  let vkey = formatVkey(key);
  for (let found = all.find((rotation) => rotation.vkey === vkey); found; found = all.find((rotation) => rotation.vkey === vkey)) {
    if (rotations.includes(found)) break;
    rotations.unshift(found);
    const { previousKey } = found;
    const previous = (await readVerifierKeys(notaryPubPath({ archiveDir }))).find(({ name, id }) => `${name}+${id}` === previousKey);
    if (!previous) break;
    vkey = formatVkey(previous);
  }
  return { firstVkey: vkey, rotations };
}

/** `…/notary-2` behind `…/notary-1`. */
function nextName(name: string): string {
  const [, stem = name, number = '1'] = /^(.*)-(\d{1,9})$/.exec(name) ?? [];
  return `${stem}-${Number(number) + 1}`;
}

async function writeKey(path: string, key: NotaryKey): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${randomUUID()}.tmp`;
  const file = await open(unfinished, 'wx', 0o600);
  try {
    await file.writeFile(`vkey ${formatVkey(key)}\n${key.pem}`);
    await file.sync();
  } finally {
    await file.close();
  }
  return unfinished;
}

async function publish(place: NotaryPlace, key: VerifierKey): Promise<void> {
  const path = notaryPubPath(place);
  const vkey = formatVkey(key);
  const known = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  if (!known.split('\n').includes(vkey)) await appendLine(path, vkey);
}

async function appendLine(path: string, line: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'a', 0o600);
  try {
    await file.appendFile(`${line}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
  await NODE_DISK.syncDir(dirname(path));
}
