import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { until } from '../testing/poll';
import { bootId, environmentOf, isLiving, listProcesses, readProcess, residentKib } from './process-table';

describe('the table of processes', () => {
  it('knows this process', () => {
    expect(readProcess(process.pid)).toMatchObject({ pid: process.pid, parentPid: process.ppid, startTicks: expect.any(Number) });
    expect(listProcesses().map(({ pid }) => pid)).toContain(process.pid);
    expect(residentKib(process.pid)).toBeGreaterThan(10_000);
    expect(bootId()).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('reads a process whose name holds parentheses and spaces', async () => {
    const child = spawn('/bin/sh', ['-c', 'printf "a) R 1 (b" > /proc/$$/comm; echo named; read -r _'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    });
    await once(child.stdout, 'data');
    expect(readProcess(child.pid as number)).toMatchObject({
      pid: child.pid,
      parentPid: process.pid,
      group: child.pid,
      session: child.pid,
    });
    child.stdin.end();
    await once(child, 'exit');
  });

  it('sees the environment, and nothing of what is gone', async () => {
    const child = spawn('/bin/sh', ['-c', 'read -r _'], { stdio: ['pipe', 'ignore', 'ignore'], env: { MARK: 'mine' } });
    await once(child, 'spawn');
    const pid = child.pid as number;
    await until('its environment', () => environmentOf(pid).includes('MARK=mine'));
    child.stdin?.end();
    await once(child, 'exit');
    expect(readProcess(pid)).toBeUndefined();
    expect(environmentOf(pid)).toEqual(['']);
    expect(residentKib(pid)).toBe(0);
  });

  it('tells the dead from the living', () => {
    const entry = { pid: 1, parentPid: 0, group: 1, session: 1, startTicks: 1 };
    expect(isLiving({ ...entry, state: 'S' })).toBe(true);
    expect(isLiving({ ...entry, state: 'Z' })).toBe(false);
  });
});
