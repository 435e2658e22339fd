export const PREFIX_DEFAULT = 'nova:torch:';

/** What a service keeps on one partition. */
interface ServiceKeys {
  /** Stream: one entry for the commands that one sender sent together. */
  readonly commands: string;
  /** Text `<holder>|<epoch>`, gone when the lease runs out. */
  readonly lease: string;
  /** The last epoch that was given. */
  readonly epoch: string;
}

/**
 * Every key and channel of Torch. All keys of a partition carry its hash tag, `{pNN}`, and so live on one shard.
 *
 * @param prefix keeps several logs apart on one server; must be without braces.
 */
export class Keys {
  /** Text: what the log was created with, as JSON. */
  readonly meta: string;

  constructor(private readonly prefix: string = PREFIX_DEFAULT) {
    if (/[{}]/.test(prefix)) throw new RangeError(`The key prefix "${prefix}" has braces, which belong to the partitions.`);
    this.meta = `${prefix}meta`;
  }

  /** Stream: one entry a commit, with the id `<seq>-<generation>`. */
  log(partition: number): string {
    return this.of(partition, 'log');
  }

  /** Text: position of the last commit. */
  head(partition: number): string {
    return this.of(partition, 'head');
  }

  /** Hash: for each reader the lowest seq that it needs. */
  trimGuard(partition: number): string {
    return this.of(partition, 'trim-guard');
  }

  cache(partition: number, name: string): string {
    return this.of(partition, `cache:${name}`);
  }

  service(partition: number, service: string): ServiceKeys {
    return {
      commands: this.of(partition, `commands:${service}`),
      lease: this.of(partition, `lease:${service}`),
      epoch: this.of(partition, `epoch:${service}`),
    };
  }

  channel(name: string): string {
    return `${this.prefix}${name}`;
  }

  private of(partition: number, name: string): string {
    return `${this.prefix}{p${String(partition).padStart(2, '0')}}:${name}`;
  }
}
