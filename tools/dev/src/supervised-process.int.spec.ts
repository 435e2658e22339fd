import { waitUntil } from '@torch/testing';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CappedLog } from './capped-log';
import { isAlive, type ProcessIdentity } from './process-identity';
import { type ProcessPlan, SupervisedProcess } from './supervised-process';
import type { ProcessState } from './torch-state';

const BACKOFF = { firstMs: 50, mostMs: 200, resetAfterMs: 60_000 };

describe('a supervised process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'torch-supervised-'));
  const started: SupervisedProcess[] = [];
  afterEach(() => Promise.all(started.splice(0).map((running) => running.stop(1000))));
  afterAll(() => rmSync(folder, { recursive: true }));

  function supervise(
    name: string,
    source: string,
    plan: Partial<ProcessPlan> = {},
  ): { running: SupervisedProcess; seen: ProcessState[]; logPath: string } {
    const script = join(folder, `${name}.cjs`);
    const logPath = join(folder, `${name}.log`);
    writeFileSync(script, source);
    const seen: ProcessState[] = [];
    const running = new SupervisedProcess(
      {
        name,
        command: process.execPath,
        args: [script],
        env: process.env,
        readiness: 'ipc',
        log: new CappedLog(logPath),
        backoff: BACKOFF,
        ...plan,
      },
      (state) => seen.push(state),
    );
    started.push(running);
    running.start();
    return { running, seen, logPath };
  }
  const identityOf = ({ state }: SupervisedProcess): ProcessIdentity => state as ProcessIdentity;

  it('is ready when it says so, and not ready when it says that', async () => {
    const { running, seen } = supervise(
      'talks',
      `process.send({ type: 'ready' }); setTimeout(() => process.send({ type: 'not-ready' }), 20); setTimeout(() => process.send({ type: 'ready' }), 40); setInterval(() => {}, 1000);`,
    );
    await waitUntil(() => seen.filter(({ phase }) => phase === 'ready').length === 2, { what: 'it was ready twice' });
    expect(seen.map(({ phase }) => phase)).toEqual(['starting', 'ready', 'not-ready', 'ready']);
    expect(running.state).toMatchObject({ name: 'talks', restarts: 0 });
  });

  it('comes back after a crash, each time later, with its output kept', async () => {
    const { seen, logPath } = supervise('crashes', `console.log('up'); console.error('broken'); process.exit(3);`);
    await waitUntil(() => seen.filter(({ phase }) => phase === 'starting').length === 5, { what: 'it was started five times' });
    const waits = seen.flatMap((state, i) => (state.phase === 'waiting' ? [(seen[i + 1] as ProcessState).sinceMs - state.sinceMs] : []));
    expect(waits.slice(0, 4).map((ms, i) => ms >= [50, 100, 200, 200][i]! - 2)).toEqual([true, true, true, true]);
    expect(waits[3]).toBeLessThan(1000);
    expect(seen.filter(({ phase }) => phase === 'waiting')[0]).toMatchObject({ lastExit: 'exit code 3', pid: undefined });
    expect(readFileSync(logPath, 'utf8')).toContain('broken');
  });

  it('starts over at the first pause once it has lived long enough', async () => {
    const { seen } = supervise('lives', `setTimeout(() => process.exit(1), 60);`, {
      backoff: { firstMs: 10, mostMs: 60_000, resetAfterMs: 20 },
    });
    await waitUntil(() => seen.filter(({ phase }) => phase === 'starting').length === 5, { what: 'it was started five times' });
    const waits = seen.flatMap((state, i) =>
      state.phase === 'waiting' && seen[i + 1] ? [(seen[i + 1] as ProcessState).sinceMs - state.sinceMs] : [],
    );
    expect(Math.max(...waits)).toBeLessThan(160);
  });

  it('stops in order when asked to, and does not come back', async () => {
    const { running, seen, logPath } = supervise(
      'polite',
      `process.send({ type: 'ready' }); process.on('SIGTERM', () => { console.log('goodbye'); process.exit(0); }); setInterval(() => {}, 1000);`,
    );
    await waitUntil(() => running.state.phase === 'ready', { what: 'it is ready' });
    const identity = identityOf(running);
    expect(await running.stop(5000)).toBe(true);
    expect(isAlive(identity)).toBe(false);
    expect(readFileSync(logPath, 'utf8')).toContain('goodbye');
    expect(seen.at(-1)).toMatchObject({ phase: 'stopped', restarts: 0 });
  });

  it('is killed with its children when it does not stop', async () => {
    const { running, logPath } = supervise(
      'stubborn',
      `process.on('SIGTERM', () => {});
       const child = require('node:child_process').spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'], { stdio: 'ignore' });
       console.log('child ' + child.pid); process.send({ type: 'ready' }); setInterval(() => {}, 1000);`,
    );
    await waitUntil(() => running.state.phase === 'ready' && /child \d+/.test(readFileSync(logPath, 'utf8')), {
      what: 'it and its child run',
    });
    const identity = identityOf(running);
    const childPid = Number(/child (\d+)/.exec(readFileSync(logPath, 'utf8'))?.[1]);
    expect(await running.stop(100)).toBe(false);
    expect(isAlive(identity)).toBe(false);
    await waitUntil(() => !readableProc(childPid), { what: 'its child is gone' });
  });

  it('that cannot be started says why and is tried again', async () => {
    const { seen } = supervise('absent', '', { command: join(folder, 'no-such-program') });
    await waitUntil(() => seen.filter(({ phase }) => phase === 'starting').length >= 2, { what: 'it was started again' });
    expect(seen.find(({ phase }) => phase === 'waiting')?.lastExit).toMatch(/^could not be started: .*ENOENT/);
  });

  it('that does not serve in time is started over', async () => {
    const { seen, logPath } = supervise('silent', `setInterval(() => {}, 1000);`, {
      readiness: () => Promise.reject(new Error('It does not serve.')),
    });
    await waitUntil(() => seen.filter(({ phase }) => phase === 'starting').length >= 2, { what: 'it was started again' });
    expect(readFileSync(logPath, 'utf8')).toContain('It does not serve.');
  });
});

function readableProc(pid: number): boolean {
  try {
    return !/ Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
