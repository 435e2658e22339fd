import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDataDir, dataDirAt } from './data-dir';
import { identify, isAlive, type ProcessIdentity } from './process-identity';
import { stopTorch } from './stop-torch';
import { type ProcessState, type TorchState, writeTorchState } from './torch-state';

const children: ChildProcess[] = [];
const dataDir = dataDirAt(mkdtempSync(join(tmpdir(), 'torch-down-')));

beforeAll(() => createDataDir(dataDir));
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(dataDir.root, { recursive: true }));

async function started(source: string): Promise<ProcessIdentity> {
  const child = spawn(process.execPath, ['-e', `${source}; console.log('up'); setInterval(() => {}, 1000)`], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return identify(child.pid as number) as ProcessIdentity;
}

const processState = (name: string, { pid, startTicks }: ProcessIdentity): ProcessState => ({
  name,
  phase: 'ready',
  pid,
  startTicks,
  restarts: 0,
  sinceMs: 0,
});
const noted = (supervisor: ProcessIdentity, logServer: ProcessState, ...services: ProcessState[]): void =>
  writeTorchState(dataDir, {
    ...supervisor,
    phase: 'ready',
    url: 'http://127.0.0.1:1',
    logUrl: 'redis://127.0.0.1:2',
    startedAtMs: 0,
    logServer,
    services,
  } satisfies TorchState);

describe('stopping Torch', () => {
  it('ends what a killed Torch left running, and nothing else that has its pids by now', async () => {
    const gateway = await started('');
    const stubborn = await started(`process.on('SIGTERM', () => {})`);
    const logServer = await started('');
    const stranger = await started('');
    noted(
      { pid: 2 ** 22 - 1, startTicks: 1 },
      processState('log-server', logServer),
      processState('gateway', gateway),
      processState('audit', stubborn),
      processState('spawner', { ...stranger, startTicks: stranger.startTicks - 1 }),
    );
    const report = await stopTorch(dataDir);
    expect(report).toEqual({ pid: undefined, inOrder: true, leftovers: ['gateway', 'audit', 'log-server'], agents: [] });
    expect([gateway, stubborn, logServer].filter(isAlive)).toEqual([]);
    expect(isAlive(stranger)).toBe(true);
    expect(existsSync(dataDir.state)).toBe(false);
  });

  it('kills a Torch that does not stop, and what it supervised', async () => {
    const supervisor = await started(`process.on('SIGTERM', () => {})`);
    const service = await started('');
    writeFileSync(dataDir.lock, JSON.stringify(supervisor));
    noted(supervisor, processState('log-server', service));
    expect(await stopTorch(dataDir, 200)).toMatchObject({ pid: supervisor.pid, inOrder: false, leftovers: ['log-server'] });
    expect([supervisor, service].filter(isAlive)).toEqual([]);
    expect(existsSync(dataDir.lock)).toBe(false);
  });

  it('does nothing where nothing runs', async () => {
    expect(await stopTorch(dataDir)).toEqual({ pid: undefined, inOrder: true, leftovers: [], agents: [] });
  });
});
