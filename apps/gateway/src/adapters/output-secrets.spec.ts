import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OutputStore } from './output-store.adapter';

const ref = { project: 'p', taskId: 'run-1.lint', attempt: 1 };
const TOKEN = `ghp_${'x9'.repeat(18)}`;
const KEY = `-----BEGIN PRIVATE KEY-----\n${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw\n'.repeat(20)}-----END PRIVATE KEY-----\n`;
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'torch-output-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const kept = (): Promise<string> => readFile(join(root, 'p', 'run-1.lint', '1.log'), 'utf8');

async function write(text: string, chunkBytes: number): Promise<string> {
  const store = new OutputStore(root, 1_000_000);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const end = Math.min(bytes.length, at + chunkBytes);
    expect(await store.append(ref, at, bytes.subarray(at, end))).toEqual({ size: end, truncated: false });
  }
  return kept();
}

describe('a secret in an output', () => {
  it('is masked where it stands, and everything else stays in its place', async () => {
    const text = `größer: ${TOKEN}\nthe end 😀`;
    const found = await write(text, 1000);
    expect(found).toBe(text.replace(TOKEN, '[redacted:github-token]'.padEnd(TOKEN.length, '*')));
    expect(Buffer.byteLength(found)).toBe(Buffer.byteLength(text));
  });

  it.each([1, 2, 7, 20, 39])('is masked when chunks of %d bytes cut it', async (chunkBytes) => {
    const text = `before ${TOKEN} between ${TOKEN} after`;
    const found = await write(text, chunkBytes);
    expect(found).toHaveLength(text.length);
    expect(found).not.toContain('x9x9');
    expect(found.startsWith('before [') && found.endsWith('* after')).toBe(true);
  });

  it.each([10, 64, 300])('that is a private key is masked in chunks of %d bytes, line by line', async (chunkBytes) => {
    const found = await write(`one\n${KEY}two\n`, chunkBytes);
    expect(found).not.toContain('MIIE');
    expect(found.startsWith('one\n-----BEGIN PRIVATE KEY-----') && found.endsWith('-----END PRIVATE KEY-----\ntwo\n')).toBe(true);
    expect(found).toHaveLength(KEY.length + 8);
  });

  it('stays masked when its chunk is sent again', async () => {
    const store = new OutputStore(root, 1_000_000);
    for (let i = 0; i < 2; i++) await store.append(ref, 0, Buffer.from(`a ${TOKEN} b`));
    await store.append(ref, 0, Buffer.from(`a ${TOKEN} b and more`));
    expect(await kept()).toMatch(/^a \[redacted:github-token\]\*+ b and more$/);
  });
});
