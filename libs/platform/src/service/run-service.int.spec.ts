import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startLogServer, type TestLogServer, waitUntil } from '@torch/testing';
import { BundledProgram, type RunningProgram } from '../bundled-program.fixture';

jest.setTimeout(60_000);
const notary = new BundledProgram(join(__dirname, 'notary.program.fixture.ts'));
let log: TestLogServer;

beforeAll(async () => {
  log = await startLogServer();
});
afterAll(async () => {
  notary.remove();
  await log.stop();
});

const said = (program: RunningProgram, type: string, times = 1): Promise<unknown> =>
  waitUntil(() => program.messages.filter((message) => (message as { type: string }).type === type).length >= times, {
    what: `${type} for the ${times}. time`,
    deadlineMs: 20_000,
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

  it('starts before its log server, and tells when it is lost and found', async () => {
    await log.kill();
    const program = notary.start({ TORCH_LOG_URL: log.url });
    await waitUntil(() => program.stdout.includes('cannot be worked with yet; trying again'), {
      what: 'it says that it waits',
      deadlineMs: 20_000,
    });
    expect(program.messages).toEqual([]);
    await log.restart();
    await said(program, 'ready');
    await log.kill();
    await said(program, 'not-ready');
    await log.restart();
    await said(program, 'ready', 2);
    program.child.kill('SIGINT');
    expect(await program.ended).toBe(0);
  });

  it('ends in order while it still waits for its log server', async () => {
    const program = notary.start({ TORCH_LOG_URL: 'redis://127.0.0.1:1' });
    await waitUntil(() => program.stdout.includes('cannot be worked with yet; trying again'), {
      what: 'it says that it waits',
      deadlineMs: 20_000,
    });
    program.child.kill('SIGTERM');
    expect([await program.ended, program.stderr]).toEqual([0, '']);
  });

  it('is cut short where its end hangs', async () => {
    const program = notary.start({ TORCH_LOG_URL: log.url, HANG: 'yes' });
    await said(program, 'ready');
    program.child.kill('SIGTERM');
    expect([await program.ended, program.stderr]).toEqual([1, 'The shutdown (SIGTERM) took longer than 5000 ms and was cut short.\n']);
  });

  it('ends when the process that started it is gone', async () => {
    const program = notary.start({ TORCH_LOG_URL: log.url });
    await said(program, 'ready');
    program.child.disconnect();
    expect(await program.ended).toBe(0);
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
