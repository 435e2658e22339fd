import { statSync } from 'node:fs';
import type { SignCheckpoint } from '../checkpoint.writer';
import { checkpointSigner } from './checkpoint.signer';
import type { NotaryKey } from './ed25519';
import { ensureNotaryKey, loadNotaryKey, NotaryKeyInvalid, notaryKeyPath, type NotaryPlace } from './notary-keys';

export interface NotaryOptions extends NotaryPlace {
  readonly logId: string;
  /** Another key has taken the place of the one before: the log has to be told. */
  readonly onKeyChanged?: (key: NotaryKey) => void;
  /** Epoch ms. */
  readonly nowMs?: () => number;
}

/** Signs the checkpoints of all partitions, with the key that is in its file at that moment. */
export class Notary {
  private constructor(
    private readonly options: NotaryOptions,
    private current: NotaryKey,
    private stamp: string,
  ) {}

  /** @throws NotaryKeyInvalid */
  static async open(options: NotaryOptions): Promise<Notary> {
    const key = await ensureNotaryKey(options, options.logId);
    return new Notary(options, key, stampOf(options));
  }

  get key(): NotaryKey {
    return this.current;
  }

  /** For the archive of one partition. The signer throws NotaryKeyInvalid while the key's file cannot be used. */
  signer(partition: number): SignCheckpoint {
    const { logId, nowMs } = this.options;
    return checkpointSigner({ logId, partition, nowMs, signer: () => this.newest() });
  }

  private newest(): NotaryKey {
    const stamp = stampOf(this.options);
    if (stamp === this.stamp) return this.current;
    const key = loadNotaryKey(this.options);
    if (!key) throw new NotaryKeyInvalid(`${notaryKeyPath(this.options)} was taken away.`);
    this.stamp = stamp;
    if (key.id !== this.current.id) {
      this.current = key;
      this.options.onKeyChanged?.(key);
    }
    return key;
  }
}

/** Differs when the file was replaced. */
function stampOf(place: NotaryPlace): string {
  const { ino, mtimeMs, mode } = statSync(notaryKeyPath(place));
  return `${ino} ${mtimeMs} ${mode}`;
}
