import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OutputStore } from './output-store.adapter';

const ref = { project: 'p', taskId: 'run-1.lint', attempt: 2 };
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'torch-output-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const text = (store: OutputStore, offset = 0): Promise<string> => store.read(ref, offset, 1000).then(String);

describe('the output of an attempt', () => {
  it('grows by chunks that begin where it ends', async () => {
    const store = new OutputStore(root, 100);
    expect(await store.append(ref, 0, Buffer.from('one '))).toEqual({ size: 4, truncated: false });
    expect(await store.append(ref, 4, Buffer.from('two'))).toEqual({ size: 7, truncated: false });
    expect(await readFile(join(root, 'p', 'run-1.lint', '2.log'), 'utf8')).toBe('one two');
    expect(await text(store, 4)).toBe('two');
    expect(await text(store, 7)).toBe('');
  });

  it('takes the same chunk once, and of an overlapping one what is new', async () => {
    const store = new OutputStore(root, 100);
    await store.append(ref, 0, Buffer.from('abc'));
    expect(await store.append(ref, 0, Buffer.from('abc'))).toEqual({ size: 3, truncated: false });
    expect(await store.append(ref, 1, Buffer.from('bcde'))).toEqual({ size: 5, truncated: false });
    expect(await text(store)).toBe('abcde');
  });

  it('refuses a chunk behind its end', async () => {
    const store = new OutputStore(root, 100);
    await store.append(ref, 0, Buffer.from('abc'));
    expect(await store.append(ref, 4, Buffer.from('x'))).toEqual({ expectedOffset: 3 });
    expect(await text(store)).toBe('abc');
  });

  it('stops at its ceiling and says so', async () => {
    const store = new OutputStore(root, 5);
    expect(await store.append(ref, 0, Buffer.from('abcdefg'))).toEqual({ size: 5, truncated: true });
    expect(await store.append(ref, 7, Buffer.from('h'))).toEqual({ size: 5, truncated: true });
    expect(await text(store)).toBe('abcde');
  });

  it('that fills its ceiling exactly is whole', async () => {
    const store = new OutputStore(root, 3);
    expect(await store.append(ref, 0, Buffer.from('abc'))).toEqual({ size: 3, truncated: false });
  });

  it('keeps the order of chunks that come at once', async () => {
    const store = new OutputStore(root, 1000);
    await Promise.all(Array.from({ length: 50 }, (_, i) => store.append(ref, i * 2, Buffer.from(String(i).padStart(2, '0')))));
    expect(await text(store)).toBe(Array.from({ length: 50 }, (_, i) => String(i).padStart(2, '0')).join(''));
  });

  it('tells its watchers when it grew, until they stop watching', async () => {
    const store = new OutputStore(root, 100);
    let grown = 0;
    const stop = store.watch(ref, () => grown++);
    await store.append(ref, 0, Buffer.from('a'));
    expect(grown).toBe(1);
    stop();
    await store.append(ref, 1, Buffer.from('b'));
    expect(grown).toBe(1);
  });

  it.each([{ taskId: '../x' }, { taskId: '..' }, { project: '..' }, { project: 'a/b' }, { attempt: 0 }, { attempt: 1.5 }])(
    'never leaves its folder: %j',
    async (other) => {
      await expect(async () => new OutputStore(root, 100).append({ ...ref, ...other }, 0, Buffer.from('a'))).rejects.toThrow('made of ids');
    },
  );
});
