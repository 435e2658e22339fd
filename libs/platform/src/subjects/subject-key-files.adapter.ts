import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { link, mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { InvariantViolation } from '@torch/kernel';
import type { DataSubject, KeptKey, SubjectKey, SubjectKeys } from './subject-keys';

interface StoredKey extends KeptKey {
  readonly format: 1;
  /** Base64. */
  readonly secret: string;
}

interface Seen {
  /** Of the file, as it was when it was read. */
  readonly version: string;
  readonly stored: StoredKey;
  readonly key: SubjectKey;
}

const SUBJECT_DIGITS = 32;
const KEY_BYTES = 32;
/** Files that are remembered; each is still looked at before it is used. */
const SEEN_MAX = 10_000;

/**
 * One file for each subject, `<root>/<hash of the subject>.json`, mode 0600. All gateways of a Torch share the folder: on one
 * machine the data directory, in a fleet a volume that supports hard links and is not part of any backup.
 */
export class SubjectKeyFiles implements SubjectKeys {
  private readonly seen = new Map<string, Seen>();

  constructor(
    private readonly root: string,
    private readonly nowMs: () => number = Date.now,
  ) {}

  async keyOf(subject: DataSubject): Promise<SubjectKey> {
    const digits = digitsOf(subject);
    return (this.look(digits) ?? (await this.create(digits, subject))).key;
  }

  find(id: string): SubjectKey | undefined {
    const seen = this.look(id.slice(0, SUBJECT_DIGITS));
    return seen?.key.id === id ? seen.key : undefined;
  }

  async keptFor(actor: string): Promise<readonly KeptKey[]> {
    const names = await readdir(this.root).catch(orNothing([]));
    const kept: KeptKey[] = [];
    for (const name of names.filter((file) => FILE_NAME.test(file))) {
      const text = await readFile(join(this.root, name), 'utf8').catch(orNothing(undefined));
      if (text === undefined) continue; // Destroyed in the meantime.
      const { secret: _kept, format: _known, ...key } = storedKey(text, name);
      if (key.actor === actor) kept.push(key);
    }
    return kept.sort((a, b) => (a.project < b.project ? -1 : 1));
  }

  async destroy(id: string): Promise<boolean> {
    const digits = id.slice(0, SUBJECT_DIGITS);
    const known = this.find(id) !== undefined;
    // Out of everybody's sight first, so that nobody reads half a key.
    if (known) await rename(this.pathOf(digits), join(this.root, `${id}${GOING}`)).catch(orNothing(undefined));
    this.look(digits);
    const going = (await readdir(this.root).catch(orNothing([] as string[]))).filter((name) => name.endsWith(GOING));
    for (const name of going) await overwriteAndRemove(join(this.root, name)); // Also what a crash left half done.
    if (going.length > 0) await syncFolder(this.root);
    return known;
  }

  /** A look at the file each time: another process may have destroyed it. */
  private look(digits: string): Seen | undefined {
    if (!SUBJECT_NAME.test(digits)) return undefined;
    const path = this.pathOf(digits);
    const stat = statSync(path, { throwIfNoEntry: false });
    const before = this.seen.get(digits);
    if (!stat) {
      before?.key.secret.fill(0);
      this.seen.delete(digits);
      return undefined;
    }
    const version = `${stat.ino}/${stat.mtimeMs}/${stat.size}`;
    if (before?.version === version) return before;
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      return orNothing(undefined)(error);
    }
    const stored = storedKey(text, path);
    const found = { version, stored, key: { id: stored.id, secret: Buffer.from(stored.secret, 'base64') } };
    const [oldest] = this.seen.keys();
    if (oldest !== undefined && this.seen.size >= SEEN_MAX) this.seen.delete(oldest);
    this.seen.set(digits, found);
    return found;
  }

  /** The first to get there makes the key; everybody else takes that one. */
  private async create(digits: string, { project, actor }: DataSubject): Promise<Seen> {
    const stored: StoredKey = {
      format: 1,
      id: digits + randomBytes(8).toString('hex'),
      project,
      actor,
      createdAtMs: this.nowMs(),
      secret: randomBytes(KEY_BYTES).toString('base64'),
    };
    await mkdir(this.root, { recursive: true, mode: 0o700 });
    const draft = join(this.root, `${randomUUID()}.new`);
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(JSON.stringify(stored));
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, this.pathOf(digits)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await unlink(draft);
    await syncFolder(this.root);
    return this.look(digits) ?? this.create(digits, { project, actor }); // Destroyed at once: begin again.
  }

  private pathOf(digits: string): string {
    return join(this.root, `${digits}.json`);
  }
}

/** End of the name of a file that is being destroyed. */
const GOING = '.going';
const SUBJECT_NAME = /^[0-9a-f]{32}$/;
const FILE_NAME = /^[0-9a-f]{32}\.json$/;

const digitsOf = ({ project, actor }: DataSubject): string =>
  createHash('sha256').update(`${project}\n${actor}`).digest('hex').slice(0, SUBJECT_DIGITS);

/** @throws InvariantViolation: going on would write texts that nobody can read, or erase nothing. */
function storedKey(text: string, name: string): StoredKey {
  try {
    const stored = JSON.parse(text) as StoredKey;
    if (stored.format === 1 && Buffer.from(stored.secret, 'base64').length === KEY_BYTES) return stored;
  } catch {
    // Said below.
  }
  throw new InvariantViolation(`${name} is not the key of a data subject.`);
}

async function overwriteAndRemove(path: string): Promise<void> {
  const file = await open(path, 'r+').catch(orNothing(undefined));
  if (!file) return;
  try {
    const { size } = await file.stat();
    await file.write(randomBytes(size), 0, size, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await unlink(path).catch(orNothing(undefined));
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function orNothing<T>(nothing: T): (error: unknown) => T {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return nothing;
    throw error;
  };
}
