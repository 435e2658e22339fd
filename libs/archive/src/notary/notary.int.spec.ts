import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatVkey, openNote, parseCheckpoint } from '@torch/domain-audit';
import { sha256 } from '../hashing';
import { NODE_DISK } from '../node-disk.adapter';
import { CheckpointRefused } from './checkpoint.signer';
import { createNotaryKey, verifyEd25519 } from './ed25519';
import { KEY_ROTATIONS, trustedKeys } from './key-rotations';
import { Notary } from './notary';
import {
  ensureNotaryKey,
  lineageOf,
  loadNotaryKey,
  NotaryKeyInvalid,
  notaryKeyPath,
  type NotaryPlace,
  notaryPubPath,
  readVerifierKeys,
  rotateNotaryKey,
} from './notary-keys';

const tree = (size: number, root = sha256(`root ${size}`)) => ({
  size,
  root,
  head: { seq: size, generation: 0, hash: sha256(`chain ${size}`) },
  manifest: sha256('manifest'),
});

let dir: string;
let place: NotaryPlace;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'torch-notary-'));
  place = { dataDir: join(dir, 'data'), archiveDir: join(dir, 'archive') };
});
afterEach(() => rmSync(dir, { recursive: true }));

const idsOf = (keys: readonly { id: string }[]): string[] => keys.map(({ id }) => id);
const trusted = (...keys: Parameters<typeof trustedKeys>[0]['keys']) => trustedKeys({ dir: place.archiveDir, keys }, NODE_DISK);

describe("the notary's key", () => {
  it('is made once, for its owner alone, and its public part is in the archive', async () => {
    const key = await ensureNotaryKey(place, 'log-1');
    expect(key.name).toBe('torch/log-1/notary-1');
    expect(statSync(notaryKeyPath(place)).mode & 0o777).toBe(0o600);
    expect(readFileSync(notaryPubPath(place), 'utf8')).toBe(`${formatVkey(key)}\n`);
    expect((await ensureNotaryKey(place, 'log-1')).id).toBe(key.id);
    expect(idsOf(await readVerifierKeys(notaryPubPath(place)))).toEqual([key.id]);
    expect(readFileSync(notaryPubPath(place), 'utf8')).not.toContain('PRIVATE');
  });

  it('is the same one for all that begin at once', async () => {
    const keys = await Promise.all(Array.from({ length: 5 }, () => ensureNotaryKey(place, 'log-1')));
    expect(new Set(idsOf(keys)).size).toBe(1);
    expect(loadNotaryKey(place)?.id).toBe(keys[0]?.id);
  });

  it('is refused when others can read it, or it is not what it says', async () => {
    expect(loadNotaryKey(place)).toBeUndefined();
    await ensureNotaryKey(place, 'log-1');
    const path = notaryKeyPath(place);
    chmodSync(path, 0o640);
    expect(() => loadNotaryKey(place)).toThrow(/can be read by others \(mode 640\)/);
    chmodSync(path, 0o600);
    const text = readFileSync(path, 'utf8');
    for (const broken of [
      '',
      text.replace('vkey', 'key'),
      text.replace(/-----BEGIN[\s\S]*/, ''),
      `vkey ${formatVkey(createNotaryKey('x'))}\n${text.split('\n').slice(1).join('\n')}`,
    ]) {
      writeFileSync(path, broken);
      expect(() => loadNotaryKey(place)).toThrow(NotaryKeyInvalid);
    }
  });

  it('cannot be replaced before there is one', async () => {
    await expect(rotateNotaryKey(place, 1)).rejects.toThrow(NotaryKeyInvalid);
  });
});

describe('a key in place of another', () => {
  it('is trusted by whoever trusts the first, and not the other way round', async () => {
    const first = await ensureNotaryKey(place, 'log-1');
    const { key: second } = await rotateNotaryKey(place, 1000);
    const { key: third, rotation } = await rotateNotaryKey(place, 2000);
    expect(third.name).toBe('torch/log-1/notary-3');
    expect(loadNotaryKey(place)?.id).toBe(third.id);
    expect(idsOf(await readVerifierKeys(notaryPubPath(place)))).toEqual(idsOf([first, second, third]));
    expect(idsOf(await trusted(first))).toEqual(idsOf([first, second, third]));
    expect(idsOf(await trusted(third))).toEqual([third.id]);
    expect(await lineageOf(place, third)).toEqual({
      firstVkey: formatVkey(first),
      rotations: [
        {
          ...rotation,
          vkey: formatVkey(second),
          previousKey: `${first.name}+${first.id}`,
          rotatedAtMs: 1000,
          signature: expect.any(String),
        },
        rotation,
      ],
    });
  });

  it('is not trusted when nobody who is trusted signed it', async () => {
    const first = await ensureNotaryKey(place, 'log-1');
    await rotateNotaryKey(place, 1000);
    const path = join(place.archiveDir, KEY_ROTATIONS);
    const rotation = JSON.parse(readFileSync(path, 'utf8')) as object;
    for (const change of [
      { rotatedAtMs: 1001 },
      { vkey: formatVkey(createNotaryKey('torch/log-1/notary-2')) },
      { previousKey: 'torch/log-1/notary-1+00000000' },
      { signature: 'AAAA' },
    ]) {
      writeFileSync(path, `not a line\n\nnull\n${JSON.stringify({ ...rotation, ...change })}\n`);
      expect(idsOf(await trusted(first))).toEqual([first.id]);
    }
  });
});

describe('the notary', () => {
  it('signs with the key that is in its file, and tells when that has changed', async () => {
    const changes: string[] = [];
    const notary = await Notary.open({ ...place, logId: 'log-1', onKeyChanged: ({ id }) => changes.push(id), nowMs: () => 7 });
    const sign = notary.signer(3);
    const first = notary.key;
    const note = openNote(sign(tree(1)), [first], verifyEd25519);
    expect(note.ok && parseCheckpoint(note.text)).toEqual({ origin: 'torch/log-1/p03', ...tree(1), atMs: 7 });
    const { key: second } = await rotateNotaryKey(place, 1000);
    expect(openNote(sign(tree(2)), [second], verifyEd25519).ok).toBe(true);
    expect(openNote(notary.signer(4)(tree(9)), [first], verifyEd25519).ok).toBe(false);
    expect(changes).toEqual([second.id]);
  });

  it('signs nothing while its key is gone', async () => {
    const notary = await Notary.open({ ...place, logId: 'log-1' });
    rmSync(notaryKeyPath(place));
    expect(() => notary.signer(3)(tree(1))).toThrow(/ENOENT|taken away/);
  });

  it('never signs two trees of one size', async () => {
    const sign = (await Notary.open({ ...place, logId: 'log-1' })).signer(3);
    sign(tree(5));
    expect(() => sign(tree(5, sha256('another')))).toThrow(CheckpointRefused);
    sign(tree(5));
    sign(tree(6));
  });
});
