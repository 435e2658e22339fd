import { linkSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fieldProblem, MESSAGE_CHARS_MAX, MessageSent } from '@torch/contracts';
import { ERASED_TEXT, openText, sealText, UNREADABLE_TEXT } from './sealed-text';
import { SubjectKeyFiles } from './subject-key-files.adapter';

const ada = { project: 'default', actor: 'user:ada' };
let root: string;
let keys: SubjectKeyFiles;

beforeEach(() => {
  root = join(mkdtempSync(join(tmpdir(), 'torch-subjects-')), 'subjects');
  keys = new SubjectKeyFiles(root, () => 1000);
});
afterEach(() => rmSync(join(root, '..'), { recursive: true, force: true }));

const files = (): string[] => readdirSync(root);

describe('a sealed text', () => {
  it.each(['', 'x', 'größer 😀\n', 'a'.repeat(16_384), 'sealed:1:not really'])('opens to what was written', async (text) => {
    const sealed = sealText(text, await keys.keyOf(ada));
    expect(openText(sealed, keys)).toBe(text);
    expect(text.length > 4 && sealed.includes(text)).toBe(false);
  });

  it('differs each time, and fits its contract at the longest text there is', async () => {
    const key = await keys.keyOf(ada);
    expect(sealText('same', key)).not.toBe(sealText('same', key));
    const sent = { messageId: 'm', from: 'user:ada', to: 'a', recipients: ['a'], sentAtMs: 1, expiresAtMs: 2 };
    expect(fieldProblem(MessageSent, { ...sent, text: sealText('😀'.repeat(MESSAGE_CHARS_MAX), key) })).toBeUndefined();
    expect(fieldProblem(MessageSent, { ...sent, text: 'x'.repeat(MESSAGE_CHARS_MAX + 1) })).toBeDefined();
  });

  it('that was changed anywhere is not read', async () => {
    const key = await keys.keyOf(ada);
    const sealed = sealText('a text', key);
    const other = sealed.replace(key.id, key.id.slice(0, -1) + (key.id.endsWith('0') ? '1' : '0'));
    expect(openText(other, keys)).toBe(ERASED_TEXT);
    expect(openText(other, { find: () => key })).toBe(UNREADABLE_TEXT);
    for (const at of [60, 70, sealed.length - 2]) {
      const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
      expect(openText(changed, keys)).toBe(UNREADABLE_TEXT);
    }
    expect(openText('a plain text', keys)).toBe('a plain text');
  });
});

describe('the key of a subject', () => {
  it('is one for each principal in each project, kept for the owner of the files alone', async () => {
    const first = await keys.keyOf(ada);
    expect((await keys.keyOf(ada)).id).toBe(first.id);
    expect((await keys.keyOf({ ...ada, project: 'other' })).id).not.toBe(first.id);
    expect((await keys.keyOf({ ...ada, actor: 'user:bob' })).id).not.toBe(first.id);
    expect(statSync(root).mode & 0o777).toBe(0o700);
    for (const name of files()) expect(statSync(join(root, name)).mode & 0o777).toBe(0o600);
    expect(await keys.keptFor('user:ada')).toEqual([
      { ...ada, id: first.id, createdAtMs: 1000 },
      { ...ada, project: 'other', id: expect.any(String), createdAtMs: 1000 },
    ]);
    expect(await new SubjectKeyFiles(join(root, 'nowhere')).keptFor('user:ada')).toEqual([]);
  });

  it('is the same for everybody who asks at once', async () => {
    const others = Array.from({ length: 8 }, () => new SubjectKeyFiles(root));
    const ids = await Promise.all(others.map(async (other) => (await other.keyOf(ada)).id));
    expect(new Set(ids).size).toBe(1);
    expect(files()).toHaveLength(1);
  });

  it('is gone for every process once one has destroyed it, and from the disk', async () => {
    const other = new SubjectKeyFiles(root);
    const key = await keys.keyOf(ada);
    const secret = Buffer.from(key.secret);
    const sealed = sealText('gone soon', key);
    expect(openText(sealed, other)).toBe('gone soon');
    expect(await keys.destroy(key.id)).toBe(true);
    expect(openText(sealed, other)).toBe(ERASED_TEXT);
    expect(openText(sealed, keys)).toBe(ERASED_TEXT);
    expect(files()).toEqual([]);
    expect(key.secret.equals(secret)).toBe(false);
  });

  it('is overwritten before its file goes', async () => {
    const key = await keys.keyOf(ada);
    const [name = ''] = files();
    const secret = (JSON.parse(readFileSync(join(root, name), 'utf8')) as { secret: string }).secret;
    const kept = join(root, '..', 'kept');
    linkSync(join(root, name), kept); // What a copy of the directory entry would see.
    await keys.destroy(key.id);
    expect(readFileSync(kept, 'latin1')).not.toContain(secret);
  });

  it('that a crash left half destroyed is gone after the next try', async () => {
    const key = await keys.keyOf(ada);
    const [name = ''] = files();
    renameSync(join(root, name), join(root, `${key.id}.going`));
    expect(await keys.destroy(key.id)).toBe(false);
    expect(files()).toEqual([]);
  });

  it('that comes after a destroyed one is another, and destroying the old one again leaves it alone', async () => {
    const before = await keys.keyOf(ada);
    const beforeId = before.id;
    await keys.destroy(beforeId);
    const after = await keys.keyOf(ada);
    expect(after.id).not.toBe(beforeId);
    expect(after.id.slice(0, 32)).toBe(beforeId.slice(0, 32));
    expect(await keys.destroy(beforeId)).toBe(false);
    expect(keys.find(after.id)?.id).toBe(after.id);
    expect(keys.find(beforeId)).toBeUndefined();
    expect(keys.find('../../etc/passwd')).toBeUndefined();
  });

  it('that cannot be read stops whoever needs it', async () => {
    await keys.keyOf(ada);
    const [name = ''] = files();
    writeFileSync(join(root, name), 'damaged by something');
    await expect(keys.keyOf(ada)).rejects.toThrow('is not the key of a data subject');
  });
});
