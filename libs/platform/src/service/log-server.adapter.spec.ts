import { SILENT_LOGGER } from '@torch/host';
import { InMemoryLogServer, type LogServer, LogUnavailable } from '@torch/log';
import { reachLogServer, withoutPassword } from './log-server.adapter';

const env = { logUrl: 'redis://torch:hush@127.0.0.1:6379', partitions: 3 };

/** A log server that is away for the first attempts. */
function awayFor(attempts: number): { connect: () => Promise<LogServer>; tried: () => number } {
  let tried = 0;
  const connect = (): Promise<LogServer> =>
    ++tried > attempts ? Promise.resolve(new InMemoryLogServer()) : Promise.reject(new LogUnavailable('ECONNREFUSED', false));
  return { connect, tried: () => tried };
}

describe('a log server that is not there yet', () => {
  it('is waited for, with a line for every attempt that tells no password', async () => {
    const lines: string[] = [];
    const log = {
      ...SILENT_LOGGER,
      warn: (line: string) => lines.push(line),
      info: (line: string) => lines.push(line),
    } as typeof SILENT_LOGGER;
    const { connect, tried } = awayFor(3);
    const server = await reachLogServer(env, log, { connect, retryMs: 1, retryMsMax: 2 });
    expect(tried()).toBe(4);
    expect(lines).toEqual([
      ...[1, 2, 2].map((ms) => `The log server at redis://torch:***@127.0.0.1:6379 cannot be worked with yet; trying again in ${ms} ms.`),
      'Connected to the log server at redis://torch:***@127.0.0.1:6379.',
    ]);
    await server.close();
  });

  it('is waited for no longer once the process is to end', async () => {
    const end = new AbortController();
    const { connect } = awayFor(Infinity);
    const reached = reachLogServer(env, SILENT_LOGGER, { connect, signal: end.signal, retryMs: 60_000 });
    end.abort(new Error('SIGTERM'));
    await expect(reached).rejects.toThrow('SIGTERM');
    await expect(reachLogServer(env, SILENT_LOGGER, { connect, signal: end.signal })).rejects.toThrow('SIGTERM');
  });

  it('is left alone in the middle of an attempt that would take its time', async () => {
    const end = new AbortController();
    const reached = reachLogServer(env, SILENT_LOGGER, { connect: () => new Promise(() => undefined), signal: end.signal });
    end.abort(new Error('SIGTERM'));
    await expect(reached).rejects.toThrow('SIGTERM');
  });
});

describe('a log server that cannot be used', () => {
  it('is an error at once', async () => {
    const connect = (): Promise<LogServer> => Promise.reject(new Error('The log server is too old.'));
    await expect(reachLogServer(env, SILENT_LOGGER, { connect })).rejects.toThrow('The log server is too old.');
  });
});

describe('a new log', () => {
  it('gets the partitions that the environment asks for; a log that is there keeps its own', async () => {
    const server = await reachLogServer(env, SILENT_LOGGER, awayFor(0));
    expect(await server.partitions(8)).toBe(3);
    await reachLogServer({ ...env, partitions: 16 }, SILENT_LOGGER, { connect: () => Promise.resolve(server) });
    expect(await server.partitions(8)).toBe(3);
    await server.close();
  });
});

describe('an address in the log', () => {
  it('has no password', () => {
    expect(withoutPassword('rediss://user:p%40ss@log.example:6380/1')).toBe('rediss://user:***@log.example:6380/1');
    expect(withoutPassword('redis://127.0.0.1:6379')).toBe('redis://127.0.0.1:6379');
  });
});
