import { checkVersion, LogServerTooOld } from './server-version';

const info = (...fields: string[]): string => ['# Server', ...fields, 'process_id:1'].join('\r\n');

describe('the version of a log server', () => {
  it.each([
    ['Redis 7', info('redis_version:7.0.15', 'redis_mode:standalone')],
    ['Redis 8', info('redis_version:8.10.0')],
    ['Valkey', info('redis_version:7.2.4', 'server_name:valkey', 'valkey_version:9.0.1')],
    ['Dragonfly', info('redis_version:7.4.0', 'dragonfly_version:df-v1.40.1')],
    ['a later Dragonfly', info('redis_version:7.4.0', 'dragonfly_version:df-v2.0.0')],
  ])('is new enough: %s', (_, text) => {
    expect(() => checkVersion(text)).not.toThrow();
  });

  it.each([
    ['Redis 6', info('redis_version:6.2.14'), 'Redis 6.2.14; Torch needs Redis 7.0 or newer'],
    ['Dragonfly', info('redis_version:7.4.0', 'dragonfly_version:df-v1.39.2'), 'Dragonfly 1.39.2; Torch needs Dragonfly 1.40 or newer'],
    ['one that says nothing', info(), 'Redis 0; Torch needs Redis 7.0'],
  ])('is too old: %s', (_, text, message) => {
    expect(() => checkVersion(text)).toThrow(LogServerTooOld);
    expect(() => checkVersion(text)).toThrow(message);
  });
});
