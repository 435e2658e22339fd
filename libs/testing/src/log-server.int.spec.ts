import { transformFileSync } from '@swc/core';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:net';
import { answersPing } from './answers-ping';
import { findLogServerProgram } from './log-server-program';
import { startLogServer, type TestLogServer } from './log-server';
import { waitUntil } from './wait-until';

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Starts a guarded `sleep` from a process of its own, and prints its pid. */
const parentProgram = (directory: string): string => {
  const { code } = transformFileSync(join(__dirname, 'guarded-process.ts'), {
    module: { type: 'commonjs' },
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
  });
  return `${code}
    GuardedProcess.start('sleep', ['600'], ${JSON.stringify(directory)}).then(({ pid }) => console.log(pid));
    setInterval(() => undefined, 1000);`;
};

async function ask(port: number, request: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    socket.write(request);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return answer.toString();
  } finally {
    socket.destroy();
  }
}

describe('a log server for tests', () => {
  let server: TestLogServer;
  beforeAll(async () => void (server = await startLogServer({ appendfsync: 'always' })));
  afterAll(async () => server.stop());

  it('keeps its data and its port when it is killed and started again', async () => {
    await ask(server.port, 'SET key kept\r\n');
    await server.kill();
    expect(await answersPing({ port: server.port })).toBe(false);
    await server.restart();
    expect(await ask(server.port, 'GET key\r\n')).toBe('$4\r\nkept\r\n');
  });

  it('answers nothing while it is paused, and everything afterwards', async () => {
    server.pause();
    const answer = ask(server.port, 'PING\r\n');
    expect(await answersPing({ port: server.port })).toBe(false);
    server.resume();
    expect(await answer).toBe('+PONG\r\n');
  });

  it('leaves nothing behind when it is stopped', async () => {
    const other = await startLogServer();
    const { pid } = other;
    await other.stop();
    await other.stop();
    expect(isAlive(pid)).toBe(false);
    await expect(async () => other.pid).rejects.toThrow('not running');
  });
});

describe('a guarded process', () => {
  it('dies, and its directory goes, when the one that started it is killed', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'torch-test-guard-'));
    const parent = spawn(process.execPath, ['-e', parentProgram(directory)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const childPid = Number(line.toString());
    expect(isAlive(childPid)).toBe(true);
    parent.kill('SIGKILL');
    await waitUntil(() => !isAlive(childPid) && !existsSync(directory), { what: 'the child and its directory are gone' });
    await rm(directory, { recursive: true, force: true });
  });
});

describe('finding a log server', () => {
  it('names the ways to get one when there is none', () => {
    expect(() => findLogServerProgram(undefined, '/nowhere')).toThrow(/redis-server, valkey-server, dragonfly.*TORCH_TEST_LOG_URL/);
  });
});
