import { lineageOf, type Notary, type NotaryPlace, sha256 } from '@torch/archive';
import { SYSTEM_PROJECT } from '@torch/contracts';
import { type AuditState, parseVkey, type VerifierKey } from '@torch/domain-audit';
import type { OwnCommand, OwnedPartition } from '@torch/host';

export type PartitionOfKeys = Pick<OwnedPartition<AuditState>, 'partition' | 'state' | 'submit'>;

/** Sees to it that the log of every partition tells which keys its checkpoints are signed with. */
export class NotaryKeys {
  private readonly owned = new Map<number, PartitionOfKeys>();

  constructor(
    private readonly place: Pick<NotaryPlace, 'archiveDir'>,
    /** Told when a key could not be recorded. It is tried again with the next one, and at the next start. */
    private readonly onProblem: (partition: number, error: unknown) => void,
  ) {}

  take(owned: PartitionOfKeys): void {
    this.owned.set(owned.partition, owned);
  }

  release(partition: number): void {
    this.owned.delete(partition);
  }

  /** Keys whose signatures count in a partition: the one that is in use, and all that its log tells of. */
  trusted(partition: number, { key }: Notary): VerifierKey[] {
    const recorded = [...(this.owned.get(partition)?.state(SYSTEM_PROJECT).keys.values() ?? [])].map(({ vkey }) => parseVkey(vkey, sha256));
    return [key, ...recorded.filter((known) => known !== undefined)];
  }

  /** Records the key, and how it came to be the one, where the partition's log does not tell of it yet. */
  async record(partition: number, { key }: Notary): Promise<void> {
    const owned = this.owned.get(partition);
    if (!owned) return;
    try {
      const { firstVkey, rotations } = await lineageOf(this.place, key);
      await owned.submit(SYSTEM_PROJECT, { type: 'IntroduceNotaryKey', data: { vkey: firstVkey } } satisfies OwnCommand);
      for (const rotation of rotations)
        await owned.submit(SYSTEM_PROJECT, { type: 'RotateNotaryKey', data: rotation } satisfies OwnCommand);
    } catch (error) {
      this.onProblem(partition, error);
    }
  }

  /** As `record`, for all partitions at hand. */
  async recordAll(notary: Notary): Promise<void> {
    await Promise.all([...this.owned.keys()].map((partition) => this.record(partition, notary)));
  }
}
