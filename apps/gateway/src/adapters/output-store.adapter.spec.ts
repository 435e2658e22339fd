import { mkdtemp, readFile, rm, utimes } from 'node:fs/promises';
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

describe('the outputs of two assignments of one attempt', () => {
  const lost = { ...ref, assignment: 'lost' };
  const known = { ...ref, assignment: 'known' };

  it('are kept apart, each from its own beginning', async () => {
    const store = new OutputStore(root, 100);
    await store.append(lost, 0, Buffer.from('of a lost history'));
    expect(await store.append(known, 0, Buffer.from('of this one'))).toEqual({ size: 11, truncated: false });
    expect(String(await store.read(lost, 0, 100))).toBe('of a lost history');
    expect(String(await store.read(known, 0, 100))).toBe('of this one');
  });

  it('are told apart by their last write where the assignment is not known any more', async () => {
    const store = new OutputStore(root, 100);
    await store.append(known, 0, Buffer.from('newer'));
    await store.append(lost, 0, Buffer.from('older'));
    await utimes(join(root, 'p', 'run-1.lint', '2.lost.log'), 1, 1);
    expect(await text(store)).toBe('newer');
    expect(await store.read({ ...ref, attempt: 3 }, 0, 100).then(String)).toBe('');
  });

  it('wake the same watchers', async () => {
    const store = new OutputStore(root, 100);
    let grown = 0;
    const stop = store.watch(ref, () => grown++);
    await store.append(known, 0, Buffer.from('a'));
    stop();
    await store.append(known, 1, Buffer.from('b'));
    expect(grown).toBe(1);
  });
});
