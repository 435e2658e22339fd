import { SERVICE_NAMES, type ServiceName } from '@torch/contracts';
import { aclFile, Keys, LOG_USERS } from '@torch/log-dragonfly/access';
import { freePort, startLogServer, waitUntil } from '@torch/testing';
import { Redis } from 'ioredis';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataDirAt } from './data-dir';
import { READY_SERVICE, writeServices } from './doubles/services.double';
import { newLogPasswords } from './log-passwords';
import { isAlive, type ProcessIdentity } from './process-identity';
import { type RunningTorch, startTorch, type UpOptions } from './start-torch';
import { readTorchState } from './torch-state';
import { UpFailed, UpInterrupted } from './up.errors';

const folder = mkdtempSync(join(tmpdir(), 'torch-up-'));
const running = new Set<RunningTorch>();
let counter = 0;

afterEach(async () => {
  await Promise.all([...running].map((torch) => torch.stop()));
  running.clear();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const optionsFor = (name = `data-${counter++}`, services: Parameters<typeof writeServices>[1] = {}): UpOptions => ({
  dataDir: dataDirAt(join(folder, name)),
  port: 0,
  servicesDir: writeServices(join(folder, `services-${counter++}`), services),
  env: process.env,
  report: () => undefined,
});

async function up(options: UpOptions, soon = new AbortController().signal, now = new AbortController().signal): Promise<RunningTorch> {
  const torch = await startTorch(options, { soon, now });
  running.add(torch);
  return torch;
}

const connect = (url: string): Redis =>
  new Redis(url, { protocol: 2, retryStrategy: () => null, maxRetriesPerRequest: 0 }).on('error', () => undefined);
/** Services that write down the log server's address as it was told to them. */
const TELLING = Object.fromEntries(
  SERVICE_NAMES.map((service) => [
    service,
    `require('node:fs').writeFileSync(process.env.TORCH_DATA_DIR + '/${service}.url', process.env.TORCH_LOG_URL);${READY_SERVICE}`,
  ]),
);
const urlTold = ({ dataDir }: UpOptions, service: ServiceName): string => readFileSync(join(dataDir.root, `${service}.url`), 'utf8');
/** A key that the gateway may write. */
const KEPT = new Keys().cache(0, 'kept:gateway');
const processesOf = (torch: RunningTorch): ProcessIdentity[] => {
  const { logServer, services } = torch.state();
  return [...(logServer ? [logServer] : []), ...services] as ProcessIdentity[];
};
const filesUnder = (path: string): string[] => readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();

describe('a Torch that is up', () => {
  it('has its processes, its state and its credentials in the data directory, for this user alone', async () => {
    const options = optionsFor();
    const torch = await up(options);
    expect(readTorchState(options.dataDir)).toEqual(torch.state());
    expect(torch.state()).toMatchObject({
      phase: 'ready',
      pid: process.pid,
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
    });
    expect(torch.state().services.map(({ name, phase }) => `${name} ${phase}`)).toEqual([
      'gateway ready',
      'registry ready',
      'scheduler ready',
      'spawner ready',
      'audit ready',
    ]);
    for (const path of [options.dataDir.token, options.dataDir.secret, options.dataDir.state])
      expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(options.dataDir.token, 'utf8').trim()).toBe(torch.token);
  });

  it('has a log server of its own that lets in nobody but its services and those who read, and keeps everything', async () => {
    const options = optionsFor(undefined, TELLING);
    const torch = await up(options);
    const { logUrl } = torch.state();
    const stranger = connect(logUrl.replace(/\/\/[^@]*@/, '//'));
    await expect(stranger.ping()).rejects.toThrow(/NOAUTH|Authentication/i);
    stranger.disconnect();
    expect(new URL(logUrl).username).toBe('torch-reader');
    const reader = connect(logUrl);
    expect(await reader.info('persistence')).toContain('aof_enabled:1');
    await expect(reader.set(KEPT, 'x')).rejects.toThrow(/NOPERM/);
    for (const service of SERVICE_NAMES) {
      const url = urlTold(options, service);
      expect(new URL(url).username).toBe(`torch-${service}`);
      const redis = connect(url);
      expect(await redis.ping()).toBe('PONG');
      await expect(redis.flushall()).rejects.toThrow(/NOPERM/);
      redis.disconnect();
    }
    reader.disconnect();
  });

  it('tells no password but to those whose it is', async () => {
    const options = optionsFor(undefined, TELLING);
    await up(options);
    expect(statSync(options.dataDir.logUsers).mode & 0o777).toBe(0o600);
    const users = readFileSync(options.dataDir.logUsers, 'utf8');
    for (const service of SERVICE_NAMES) expect(users).not.toContain(new URL(urlTold(options, service)).password);
    const first = urlTold(options, 'gateway');
    await Promise.all([...running].map((torch) => torch.stop()));
    running.clear();
    await up(options);
    expect(new URL(urlTold(options, 'gateway')).password).not.toBe(new URL(first).password);
  });

  it('brings a killed service back and says so', async () => {
    const options = optionsFor();
    const torch = await up(options);
    const scheduler = (): ReturnType<RunningTorch['state']>['services'][number] | undefined =>
      readTorchState(options.dataDir)?.services.find(({ name }) => name === 'scheduler');
    process.kill(scheduler()?.pid as number, 'SIGKILL');
    await waitUntil(() => scheduler()?.restarts === 1 && scheduler()?.phase === 'ready', { what: 'the scheduler is back' });
    expect(scheduler()?.lastExit).toBe('killed by SIGKILL');
    expect(torch.state().services.filter(({ restarts }) => restarts > 0)).toHaveLength(1);
  });

  it('brings a killed log server back on its port, with its data', async () => {
    const options = optionsFor(undefined, TELLING);
    const torch = await up(options);
    const { logServer } = torch.state();
    const logUrl = urlTold(options, 'gateway');
    const redis = connect(logUrl);
    await redis.set(KEPT, 'yes');
    // `everysec`: the write is in the kernel's hands at the latest with the next event loop, and a kill does not take it from there.
    await redis.ping();
    process.kill(logServer?.pid as number, 'SIGKILL');
    await waitUntil(() => torch.state().logServer?.restarts === 1 && torch.state().logServer?.phase === 'ready', {
      what: 'the log server is back',
    });
    const again = connect(logUrl);
    expect(await again.get(KEPT)).toBe('yes');
    again.disconnect();
    redis.disconnect();
  });

  it('stops within 10 s and leaves neither process nor half-written file', async () => {
    const options = optionsFor();
    const torch = await up(options);
    const processes = processesOf(torch);
    expect(processes).toHaveLength(6);
    const startedAt = performance.now();
    await torch.stop();
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(processes.filter(isAlive)).toEqual([]);
    expect(filesUnder(options.dataDir.root).filter((path) => /tmp|lock|torch\.json|\.pid$/.test(path))).toEqual([]);
  });

  it('carries on where the one before left off', async () => {
    const options = optionsFor(undefined, TELLING);
    const first = await up(options);
    const redis = connect(urlTold(options, 'scheduler'));
    await redis.xadd('nova:torch:{p00}:log', '1-0', 'c', 'kept');
    redis.disconnect();
    await first.stop();
    const secret = readFileSync(options.dataDir.secret, 'utf8');
    const second = await up(options);
    const again = connect(second.state().logUrl);
    expect(await again.xlen('nova:torch:{p00}:log')).toBe(1);
    again.disconnect();
    expect(readFileSync(options.dataDir.secret, 'utf8')).toBe(secret);
  });

  it('starts no log server where one is named', async () => {
    const server = await startLogServer();
    const torch = await up({ ...optionsFor(), logUrl: server.url });
    expect(torch.state()).toMatchObject({ logUrl: server.url, logServer: undefined });
    await torch.stop();
    const redis = connect(server.url);
    expect(await redis.ping()).toBe('PONG');
    redis.disconnect();
    await server.stop();
  });

  it('gives each service its own user where the log server has them and their passwords are named', async () => {
    const passwords = newLogPasswords();
    const server = await startLogServer({ kind: 'redis', acl: aclFile({ kind: 'redis', passwords }) });
    const file = join(folder, 'passwords.json');
    const logUrl = `redis://127.0.0.1:${server.port}`;
    const options = { ...optionsFor(undefined, TELLING), logUrl };
    await expect(up(options)).rejects.toThrow(/NOAUTH/);
    writeFileSync(file, JSON.stringify({ ...passwords, 'torch-audit': undefined }));
    const env = { ...process.env, TORCH_LOG_PASSWORDS: file };
    await expect(up({ ...options, env })).rejects.toThrow(`${file} has no password for torch-audit.`);
    writeFileSync(file, JSON.stringify(passwords));
    const torch = await up({ ...options, env });
    const told = [torch.state().logUrl, ...SERVICE_NAMES.map((service) => urlTold(options, service))].map((url) => new URL(url));
    expect(told.map(({ username }) => username).sort()).toEqual([...LOG_USERS].sort());
    for (const { username, password } of told) expect(password).toBe(passwords[username as keyof typeof passwords]);
    await torch.stop();
    await server.stop();
  });

  it('is killed at once when asked a second time', async () => {
    const now = new AbortController();
    const stubborn = `process.send({ type: 'ready' }); process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);`;
    const torch = await up(optionsFor(undefined, { audit: stubborn, gateway: stubborn }), undefined, now.signal);
    const processes = processesOf(torch);
    const stopped = torch.stop();
    const startedAt = performance.now();
    now.abort();
    await stopped;
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(processes.filter(isAlive)).toEqual([]);
  });
});

describe('starting Torch', () => {
  const failing = async (options: UpOptions): Promise<string> => {
    const error = await up(options).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(UpFailed);
    expect(existsSync(options.dataDir.lock)).toBe(false);
    return (error as Error).message;
  };

  it('says which port is taken, and how to choose another one', async () => {
    const port = await freePort();
    const other = createServer().listen(port, '127.0.0.1');
    expect(await failing({ ...optionsFor(), port })).toBe(
      `Port ${port} on 127.0.0.1 is taken by another program. Choose another one with --port, or --port 0 for any free one.`,
    );
    other.close();
  });

  it('says who has the data directory', async () => {
    const options = optionsFor();
    await up(options);
    await expect(up(options)).rejects.toThrow(`Another Torch (pid ${process.pid}) works on the data directory ${options.dataDir.root}.`);
  });

  it('says which service is not ready, with the end of what it wrote', async () => {
    const options = {
      ...optionsFor(undefined, { audit: `console.log(JSON.stringify({ level: 50, msg: 'no key' })); setInterval(() => {}, 1000);` }),
      readyTimeoutMs: 2000,
    };
    const message = await failing(options);
    expect(message).toContain('audit is not ready after 2 s (not ready: audit).');
    expect(message).toContain('error: no key');
  });

  it('gives up on a service that keeps crashing, long before the deadline', async () => {
    const message = await failing(optionsFor(undefined, { spawner: `console.error('Error: broken'); process.exit(7);` }));
    expect(message).toMatch(/^spawner crashed 4 times \(exit code 7\)\. The end of .*spawner\.log:\n(.*\n)* {2}Error: broken/);
  });

  it('says what is not built', async () => {
    await expect(up({ ...optionsFor(), servicesDir: join(folder, 'nothing') })).rejects.toThrow(
      /^Not built: gateway, registry, .*npm run build/,
    );
  });

  it('says that the log server is too old, or not there', async () => {
    const path = process.env.PATH;
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    try {
      process.env.PATH = bin;
      expect(await failing(optionsFor())).toContain('There is no log server.');
      writeFileSync(join(bin, 'redis-server'), '#!/bin/sh\necho "Redis server v=6.2.14 sha=00000000:0"\n');
      chmodSync(join(bin, 'redis-server'), 0o755);
      process.env.PATH = `${bin}:/bin`;
      expect(await failing(optionsFor())).toContain('redis-server is redis 6.2.14; Torch needs redis 7.0 or later.');
    } finally {
      process.env.PATH = path;
    }
  });

  it('says that the log server that was named does not answer, without its password', async () => {
    const message = await failing({ ...optionsFor(), logUrl: `redis://:hidden@127.0.0.1:${await freePort()}` });
    expect(message).toMatch(/^The log server at redis:\/\/127\.0\.0\.1:\d+ \(TORCH_LOG_URL\) is not reachable/);
    expect(message).not.toContain('hidden');
  });

  it('ends quietly when it is interrupted, with nothing left running', async () => {
    const soon = new AbortController();
    const options = optionsFor(undefined, { gateway: `setInterval(() => {}, 1000);` });
    const starting = up(options, soon.signal);
    const services = await waitUntil(
      () => {
        const seen = readTorchState(options.dataDir)?.services;
        return seen?.every(({ pid }) => pid !== undefined)
          ? (seen as readonly Partial<ProcessIdentity>[] as readonly ProcessIdentity[])
          : undefined;
      },
      { what: 'the services run' },
    );
    soon.abort();
    await expect(starting).rejects.toBeInstanceOf(UpInterrupted);
    expect(services.filter(isAlive)).toEqual([]);
    expect(existsSync(options.dataDir.state)).toBe(false);
  });
});
