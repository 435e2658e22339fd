import { type Caches, checkCacheSize } from '@torch/log';
import type { Connection } from './connection';
import type { Keys } from './keys';

export class CachesAdapter implements Caches {
  constructor(
    private readonly connection: Connection,
    private readonly keys: Keys,
    readonly bytesMax: number,
  ) {}

  async get(partition: number, name: string): Promise<string | undefined> {
    const value = await this.connection.ask({ what: `get the cache ${name} of partition ${partition}` }, (redis) =>
      redis.get(this.keys.cache(partition, name)),
    );
    return value ?? undefined;
  }

  async set(partition: number, name: string, value: string): Promise<void> {
    checkCacheSize(name, value, this.bytesMax);
    await this.connection.ask({ what: `set the cache ${name} of partition ${partition}` }, (redis) =>
      redis.set(this.keys.cache(partition, name), value),
    );
  }
}
