import { Keys } from './keys';

describe('the keys', () => {
  it('are these, for good: a log that exists is found by them', () => {
    const keys = new Keys();
    expect([keys.meta, keys.log(3), keys.head(12), keys.trimGuard(3), keys.cache(3, 'scheduler'), keys.channel('replies:a')]).toEqual([
      'nova:torch:meta',
      'nova:torch:{p03}:log',
      'nova:torch:{p12}:head',
      'nova:torch:{p03}:trim-guard',
      'nova:torch:{p03}:cache:scheduler',
      'nova:torch:replies:a',
    ]);
    expect(keys.service(123, 'registry')).toEqual({
      commands: 'nova:torch:{p123}:commands:registry',
      lease: 'nova:torch:{p123}:lease:registry',
      epoch: 'nova:torch:{p123}:epoch:registry',
    });
  });

  it('have the only braces, so that a partition stays on one shard', () => {
    expect(() => new Keys('a{b}:')).toThrow(RangeError);
  });
});
