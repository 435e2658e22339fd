import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundled } from '../testing/bundle';
import { until } from '../testing/poll';
import { groupLives, signalGroup } from '../process/process-group';
import { isLiving, listProcesses, readProcess } from '../process/process-table';
import { CannotStart, TaskProcess } from './task-process';

const env = process.env;

async function textOf(task: TaskProcess): Promise<string> {
  let text = '';
  for await (const chunk of task.output) text += String(chunk);
  return text;
}

async function exitCodeOf(command: string): Promise<number> {
  const task = await TaskProcess.start({ command, env });
  task.output.resume();
  return task.finished();
}

const lives = (pid: number): boolean => {
  const found = readProcess(pid);
  return found !== undefined && isLiving(found);
};

describe('a task process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'torch-task-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('gives stdout and stderr in the order they were written', async () => {
    const task = await TaskProcess.start({ command: 'echo one; echo two >&2; echo three', env });
    expect(await textOf(task)).toBe('one\ntwo\nthree\n');
    expect(await task.finished()).toBe(0);
  });

  it('answers with the exit code, and 128 + n after signal n', async () => {
    expect(await exitCodeOf('exit 7')).toBe(7);
    expect(await exitCodeOf('kill -9 $$')).toBe(137);
    expect(await exitCodeOf('no-such-command-at-all')).toBe(127);
  });

  it('runs in its working directory, with its environment and no input', async () => {
    const task = await TaskProcess.start({ command: 'pwd; echo "$GREETING"; cat', cwd: folder, env: { ...env, GREETING: 'hello' } });
    expect(await textOf(task)).toBe(`${folder}\nhello\n`);
    await task.finished();
  });

  it('leads a session and a group of its own', async () => {
    const task = await TaskProcess.start({ command: 'sleep 30', env });
    task.output.resume();
    expect(readProcess(task.pid)).toMatchObject({ group: task.pid, session: task.pid });
    expect(await task.end(100)).toBe(true);
    expect(await task.finished()).toBe(143);
  });

  it('names a working directory that is missing, or is none', async () => {
    const missing = join(folder, 'nowhere');
    await expect(TaskProcess.start({ command: 'true', cwd: missing, env })).rejects.toThrow(
      new CannotStart(`The working directory ${missing} does not exist.`),
    );
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(TaskProcess.start({ command: 'true', cwd: file, env })).rejects.toThrow(
      `The working directory ${file} is not a directory.`,
    );
  });

  it('says what the system refuses', async () => {
    const tooMuch = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`V${i}`, 'x'.repeat(32_000)]));
    await expect(TaskProcess.start({ command: 'true', env: tooMuch })).rejects.toThrow(/could not be started in .*E2BIG/);
  });

  it('leaves nothing behind when the shell ends before what it started', async () => {
    const task = await TaskProcess.start({ command: '(trap "" TERM; sleep 60) & echo $!; sleep 60 & exit 3', env, killGraceMs: 300 });
    const background = Number(await new Promise<string>((first) => task.output.once('data', (chunk) => first(String(chunk)))));
    expect(lives(background)).toBe(true);
    expect(await task.finished()).toBe(3);
    expect(groupLives(task.pid)).toBe(false);
    expect(lives(background)).toBe(false);
  });

  it('keeps no descriptor open once it is over', async () => {
    await exitCodeOf('true');
    const before = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 5; i++) await exitCodeOf('echo x');
    await until('the descriptors to be closed', () => readdirSync('/proc/self/fd').length <= before);
  });

  it('takes no longer than the command itself when there is nothing to end', async () => {
    const startedAtMs = Date.now();
    await exitCodeOf('true');
    expect(Date.now() - startedAtMs).toBeLessThan(1500);
  });

  it('kills what does not listen to SIGTERM once the grace is over, grandchildren too', async () => {
    const command = 'trap "" TERM; sh -c "trap \\"\\" TERM; sh -c \\"sleep 60; sleep 60\\"" & echo up; while :; do sleep 60; done';
    const task = await TaskProcess.start({ command, env, killGraceMs: 200 });
    await new Promise((up) => task.output.once('data', up));
    await until('grandchildren', () => listProcesses().filter(({ group }) => group === task.pid).length >= 4);
    expect(await task.end()).toBe(true);
    expect(await task.finished()).toBe(137);
    expect(listProcesses().filter(({ group }) => group === task.pid)).toEqual([]);
  });

  it('ends with its agent, even when the agent is killed', async () => {
    const pidFile = join(folder, 'pid');
    const program = `
      import { TaskProcess } from './task-process';
      void TaskProcess.start({ command: 'echo $$ > ${pidFile}.tmp; mv ${pidFile}.tmp ${pidFile}; sleep 60; true', env: process.env, killGraceMs: 100 });
    `;
    const agent = spawn(process.execPath, [bundled(program, { folder: __dirname, into: folder })], { stdio: 'inherit' });
    const group = await until('the task', () => Number(readOr(pidFile)));
    expect(groupLives(group)).toBe(true);
    agent.kill('SIGKILL');
    await until('the end of the task', () => !groupLives(group), 5000).finally(() => signalGroup(group, 'SIGKILL'));
  });
});

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
