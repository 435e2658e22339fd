import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startLogServer, type TestLogServer, waitUntil } from '@torch/testing';
import { BundledProgram, type RunningProgram } from '../bundled-program.fixture';

jest.setTimeout(60_000);
const notary = new BundledProgram(join(__dirname, 'notary.program.fixture.ts'));
const WAITS = 'cannot be worked with yet; trying again';
let log: TestLogServer;
/** The one that comes later, and goes, and comes back. */
let absent: TestLogServer;
/** What takes its seconds whoever looks on, beside the tests before theirs. */
let withoutLog: RunningProgram;
let withLateLog: RunningProgram;
let cutShort: Promise<RunningProgram>;

beforeAll(async () => {
  [log, absent] = await Promise.all([startLogServer(), startLogServer()]);
  await absent.kill();
  withoutLog = notary.start({ TORCH_LOG_URL: 'redis://127.0.0.1:1' });
  withLateLog = notary.start({ TORCH_LOG_URL: absent.url });
  cutShort = toldToEnd(notary.start({ TORCH_LOG_URL: log.url, HANG: 'yes' }));
  cutShort.catch(() => undefined); // Thrown where it is waited for.
});
afterAll(async () => {
  notary.remove();
  await Promise.all([log.stop(), absent.stop()]);
});

async function toldToEnd(program: RunningProgram): Promise<RunningProgram> {
  await said(program, 'ready');
  program.child.kill('SIGTERM');
  return program;
}

const said = (program: RunningProgram, type: string, times = 1): Promise<unknown> =>
  waitUntil(() => program.messages.filter((message) => (message as { type: string }).type === type).length >= times, {
    what: `${type} for the ${times}. time`,
    deadlineMs: 40_000,
  });

describe('a service process', () => {
  it('tells its parent when it is ready, answers probes, and ends in order on SIGTERM', async () => {
    const program = notary.start({ TORCH_LOG_URL: log.url, TORCH_HEALTH_PORT: '0' });
    await said(program, 'ready');
    const url = /listens on (http:\/\/[\d.]+:\d+)/.exec(program.stdout)?.[1];
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const beganAtMs = performance.now();
    program.child.kill('SIGTERM');
    expect([await program.ended, program.stderr]).toEqual([0, '']);
    expect(performance.now() - beganAtMs).toBeLessThan(5000);
    for (const line of program.stdout.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ service: 'audit' });
  });

  it('ends when the process that started it is gone', async () => {
    const program = notary.start({ TORCH_LOG_URL: log.url });
    await said(program, 'ready');
    program.child.disconnect();
    expect(await program.ended).toBe(0);
  });

  it('ends in order while it still waits for its log server', async () => {
    await waitUntil(() => withoutLog.stdout.includes(WAITS), { what: 'it says that it waits', deadlineMs: 40_000 });
    withoutLog.child.kill('SIGTERM');
    expect([await withoutLog.ended, withoutLog.stderr]).toEqual([0, '']);
  });

  it('says in one line what nobody has caught, whatever it is, and ends', async () => {
    const program = notary.start({ TORCH_LOG_URL: log.url, UNCAUGHT: 'yes' });
    expect([await program.ended, program.stderr]).toEqual([
      1,
      'audit ends by an error that nobody caught: {"status":3}, which is no error\n',
    ]);
  });

  it('is cut short where its end hangs', async () => {
    const program = await cutShort;
    expect([await program.ended, program.stderr]).toEqual([1, 'The shutdown (SIGTERM) took longer than 5000 ms and was cut short.\n']);
  });

  it('starts before its log server, and tells when it is lost and found', async () => {
    await waitUntil(() => withLateLog.stdout.includes(WAITS), { what: 'it says that it waits', deadlineMs: 40_000 });
    expect(withLateLog.messages).toEqual([]);
    await absent.restart();
    await said(withLateLog, 'ready');
    await absent.kill();
    await said(withLateLog, 'not-ready');
    await absent.restart();
    await said(withLateLog, 'ready', 2);
    withLateLog.child.kill('SIGINT');
    expect(await withLateLog.ended).toBe(0);
  });
});

describe('a service process that cannot start', () => {
  let taken: Server;
  beforeAll(() => new Promise<void>((resolve) => (taken = createServer()).listen(0, '127.0.0.1', resolve)));
  afterAll(() => taken.close());

  it('names the port that is taken and the variable that chooses another', async () => {
    const { port } = taken.address() as AddressInfo;
    const program = notary.start({ TORCH_LOG_URL: log.url, AS_GATEWAY: 'yes', TORCH_GATEWAY_PORT: String(port) });
    expect(await program.ended).toBe(1);
    expect(program.stderr).toBe(
      `gateway could not start: Port ${port} on 127.0.0.1 is taken by another process. Choose another with TORCH_GATEWAY_PORT.\n`,
    );
  });

  it('names every variable that cannot be used', async () => {
    const program = notary.start({ TORCH_HEALTH_PORT: 'high' });
    expect(await program.ended).toBe(1);
    expect(program.stderr).toContain('TORCH_LOG_URL is not set');
    expect(program.stderr).toContain('TORCH_HEALTH_PORT is "high"; it takes a whole number from 0 to 65535.');
  });
});
