import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDataDir, dataDirAt } from './data-dir';
import { lockDataDir, lockHolder } from './data-dir-lock';
import { identify } from './process-identity';

describe('the lock of a data directory', () => {
  const dataDir = dataDirAt(mkdtempSync(join(tmpdir(), 'torch-lock-')));
  let other: ChildProcess;

  beforeAll(async () => {
    createDataDir(dataDir);
    other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await once(other, 'spawn');
  });
  afterEach(() => rmSync(dataDir.lock, { force: true }));
  afterAll(() => {
    other.kill('SIGKILL');
    rmSync(dataDir.root, { recursive: true });
  });

  const heldBy = (identity: object): void => writeFileSync(dataDir.lock, JSON.stringify(identity));

  it('is held until it is released, and leaves nothing behind', () => {
    const lock = lockDataDir(dataDir);
    expect(lockHolder(dataDir)).toEqual(identify(process.pid));
    lock.release();
    expect(lockHolder(dataDir)).toBeUndefined();
    expect(readdirSync(dataDir.root).sort()).toEqual(['log', 'logs']);
  });

  it('names the living holder and the directory to whoever comes second', () => {
    heldBy(identify(other.pid as number) as object);
    expect(() => lockDataDir(dataDir)).toThrow(`Another Torch (pid ${other.pid}) works on the data directory ${dataDir.root}.`);
    expect(lockHolder(dataDir)?.pid).toBe(other.pid);
  });

  it.each([
    ['of a dead process', { pid: 2 ** 22 - 1, startTicks: 1 }],
    ['of a process whose pid is another one now', { pid: process.pid, startTicks: 1 }],
    ['that is no lock at all', {}],
  ])('%s is taken over', (_, stale) => {
    heldBy(stale);
    const lock = lockDataDir(dataDir);
    expect(lockHolder(dataDir)).toEqual(identify(process.pid));
    lock.release();
    expect(existsSync(dataDir.lock)).toBe(false);
  });

  it('is not released by somebody who has lost it', () => {
    const lock = lockDataDir(dataDir);
    heldBy(identify(other.pid as number) as object);
    lock.release();
    expect(lockHolder(dataDir)?.pid).toBe(other.pid);
  });
});
