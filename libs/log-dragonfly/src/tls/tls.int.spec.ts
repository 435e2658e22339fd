import { type LogServer, LogUnavailable } from '@torch/log';
import { createTestAuthority, startLogServer, type StartLogServerOptions, type TestAuthority, type TestLogServer } from '@torch/testing';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectLogServer } from '../dragonfly-log-server';
import { type LogTls, LogTlsInvalid, readLogTls } from './log-tls';

const folder = mkdtempSync(join(tmpdir(), 'torch-tls-'));
let authority: TestAuthority;
let running: TestLogServer[] = [];
let clients: LogServer[] = [];

beforeAll(() => void (authority = createTestAuthority(folder)));
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await Promise.all(running.map((server) => server.stop()));
  [running, clients] = [[], []];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function start(tls: StartLogServerOptions['tls']): Promise<TestLogServer> {
  const server = await startLogServer({ kind: 'redis', tls });
  running.push(server);
  return server;
}

async function connect(url: string, tls?: LogTls): Promise<LogServer> {
  const client = await connectLogServer({ url, tls, connectMs: 500 });
  clients.push(client);
  return client;
}

/** What somebody reads who cannot connect. */
const refusal = (url: string, tls?: LogTls): Promise<string> =>
  connect(url, tls).then(
    () => 'connected',
    (error: unknown) => (error instanceof LogUnavailable ? error.message : String(error)),
  );

describe('a log server that speaks TLS', () => {
  it('is trusted when the authority that was named has signed its certificate, on every connection', async () => {
    const server = await start(authority.sign('server'));
    const client = await connect(server.url, readLogTls(server.url, { TORCH_LOG_CA: authority.ca }));
    expect(await client.partitions(4)).toBe(4);
    const heard = new Promise(
      (hear) => void client.signals.listen('replies:a', hear).then(() => client.signals.publish('replies:a', 'hello')),
    );
    expect(await heard).toBe('hello');
    await client.waiter().wait({ partition: 1, afterSeq: 0 });
  });

  it('is not trusted when nobody who is trusted has signed its certificate', async () => {
    const server = await start(authority.sign('server'));
    expect(await refusal(server.url)).toMatch(/not signed by an authority that is trusted here; name the one .* TORCH_LOG_CA \([A-Z_]+\)/);
    const other = createTestAuthority(folder, 'other');
    expect(await refusal(server.url, { ca: readFileSync(other.ca, 'utf8') })).toMatch(/not signed by an authority that is trusted here/);
  });

  it('is not trusted once its certificate has expired', async () => {
    const server = await start(authority.sign('late', undefined, -1));
    expect(await refusal(server.url, readLogTls(server.url, { TORCH_LOG_CA: authority.ca }))).toMatch(
      /its certificate has expired.*\(CERT_HAS_EXPIRED\)/,
    );
  });

  it('is not trusted under a name that its certificate does not have, unless that name is expected', async () => {
    const server = await start(authority.sign('elsewhere', 'DNS:log.example'));
    expect(await refusal(server.url, readLogTls(server.url, { TORCH_LOG_CA: authority.ca }))).toMatch(
      /its certificate is for another host: .*127\.0\.0\.1.*TORCH_LOG_SERVER_NAME/,
    );
    const named = readLogTls(server.url, { TORCH_LOG_CA: authority.ca, TORCH_LOG_SERVER_NAME: 'log.example' });
    expect(await (await connect(server.url, named)).ping()).toBe(true);
  });

  it('that asks for a certificate gets the one that was named, and turns away who has none or another', async () => {
    const server = await start({ ...authority.sign('server'), ca: authority.ca });
    const { cert, key } = authority.sign('torch-gateway', 'DNS:torch-gateway');
    const mine = readLogTls(server.url, { TORCH_LOG_CA: authority.ca, TORCH_LOG_CERT: cert, TORCH_LOG_KEY: key });
    expect(await (await connect(server.url, mine)).ping()).toBe(true);
    const none = await refusal(server.url, readLogTls(server.url, { TORCH_LOG_CA: authority.ca }));
    expect(none).toMatch(/TORCH_LOG_CERT/);
    const stranger = createTestAuthority(folder, 'stranger').sign('torch-gateway');
    const theirs = { TORCH_LOG_CA: authority.ca, TORCH_LOG_CERT: stranger.cert, TORCH_LOG_KEY: stranger.key };
    expect(await refusal(server.url, readLogTls(server.url, theirs))).toMatch(/TORCH_LOG_CERT/);
  });

  it('is not reached without TLS, and says so', async () => {
    const server = await start(authority.sign('server'));
    expect(await refusal(server.url.replace('rediss:', 'redis:'))).toMatch(/does it expect TLS \(rediss:\/\/\)\?/);
  });
});

describe('a log server without TLS', () => {
  it('is not reached with it, and says so', async () => {
    const server = await start(undefined);
    expect(await refusal(server.url.replace('redis:', 'rediss:'))).toMatch(
      /it does not speak TLS there|where it does not speak TLS, use redis:\/\//,
    );
  });
});

describe('the variables about TLS', () => {
  const url = 'rediss://log.example';
  const problemsOf = (env: NodeJS.ProcessEnv, address = url): readonly string[] => {
    try {
      readLogTls(address, env);
    } catch (error) {
      if (error instanceof LogTlsInvalid) return error.problems;
      throw error;
    }
    return [];
  };

  it('need not be set', () => {
    expect(readLogTls('redis://log.example', {})).toBeUndefined();
    expect(readLogTls(url, { TORCH_LOG_CA: ' ' })).toEqual({});
  });

  it('are named when they cannot be used', () => {
    const empty = join(folder, 'empty.pem');
    writeFileSync(empty, '');
    const { cert, key } = authority.sign('one');
    const other = authority.sign('two');
    expect(problemsOf({ TORCH_LOG_CA: '/nowhere.pem' })).toEqual([
      expect.stringMatching(/^TORCH_LOG_CA names \/nowhere\.pem, which cannot be read: ENOENT/),
    ]);
    expect(problemsOf({ TORCH_LOG_CA: empty })).toEqual([`TORCH_LOG_CA names ${empty}, which holds no certificate in PEM.`]);
    expect(problemsOf({ TORCH_LOG_CERT: cert, TORCH_LOG_KEY: empty })).toEqual([
      `TORCH_LOG_KEY names ${empty}, which holds no private key in PEM.`,
    ]);
    expect(problemsOf({ TORCH_LOG_CERT: cert })).toEqual(['TORCH_LOG_CERT and TORCH_LOG_KEY go together; only TORCH_LOG_CERT is set.']);
    expect(problemsOf({ TORCH_LOG_CERT: cert, TORCH_LOG_KEY: other.key })).toEqual([
      'TORCH_LOG_KEY is not the key of the certificate that TORCH_LOG_CERT names.',
    ]);
    expect(problemsOf({ TORCH_LOG_CA: cert, TORCH_LOG_KEY: key }, 'redis://log.example')).toEqual([
      'TORCH_LOG_CA and TORCH_LOG_KEY need TLS, but TORCH_LOG_URL does not start with rediss://.',
    ]);
  });
});
