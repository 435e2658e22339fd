export const PREFIX_DEFAULT = 'nova:torch:';

/** In the place of a partition or a name: all of them, as the patterns of access rules say it. */
export const EVERY = '*';
type Place = number | typeof EVERY;

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
  log(partition: Place): string {
    return this.of(partition, 'log');
  }

  /** Text: position of the last commit. */
  head(partition: Place): string {
    return this.of(partition, 'head');
  }

  /** Text: `open:<incarnation>`, or `refused:<incarnation>:<why>`. */
  gate(partition: Place): string {
    return this.of(partition, 'gate');
  }

  /** Text: how far the archive is, as JSON. */
  archived(partition: Place): string {
    return this.of(partition, 'archived');
  }

  /** Channel on which it is told. */
  archivedChannel(partition: Place): string {
    return `${partitionTag(partition)}:archived`;
  }

  /** Text: written to have something that replicas confirm. */
  get replicationMark(): string {
    return `${this.prefix}replication-mark`;
  }

  /** Hash: for each reader the lowest seq that it needs. */
  trimGuard(partition: Place): string {
    return this.of(partition, 'trim-guard');
  }

  cache(partition: Place, name: string): string {
    return this.of(partition, `cache:${name}`);
  }

  service(partition: Place, service: string): ServiceKeys {
    return {
      commands: this.of(partition, `commands:${service}`),
      lease: this.of(partition, `lease:${service}`),
      epoch: this.of(partition, `epoch:${service}`),
    };
  }

  channel(name: string): string {
    return `${this.prefix}${name}`;
  }

  private of(partition: Place, name: string): string {
    return `${this.prefix}${partitionTag(partition)}:${name}`;
  }
}

const partitionTag = (partition: Place): string => `{p${partition === EVERY ? EVERY : String(partition).padStart(2, '0')}}`;
