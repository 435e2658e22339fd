import { type Archived, type ArchivedState, formatPosition, type Lease, parsePosition, type Signals } from '@torch/log';
import type { Connection } from './connection';
import type { Keys } from './keys';
import { leaseText } from './leases.adapter';

export class ArchivedAdapter implements Archived {
  constructor(
    private readonly connection: Connection,
    private readonly signals: Signals,
    private readonly keys: Keys,
  ) {}

  async publish(lease: Lease, state: ArchivedState): Promise<void> {
    const { partition } = lease;
    const { position } = state;
    const text = encode(state);
    const what = `say how far partition ${partition} is archived`;
    const fence = { ...lease, seen: position, generation: position.generation };
    const keys = [
      this.keys.log(partition),
      this.keys.head(partition),
      this.keys.service(partition, lease.service).lease,
      this.keys.archived(partition),
    ];
    await this.connection.ask({ what, fence }, (redis) => redis.torchArchived(keys, leaseText(lease), formatPosition(position), text));
    await this.connection.ask({ what }, (redis) => redis.publish(this.keys.channel(this.keys.archivedChannel(partition)), text));
  }

  async get(partition: number): Promise<ArchivedState | undefined> {
    const text = await this.connection.ask({ what: `how far partition ${partition} is archived` }, (redis) =>
      redis.get(this.keys.archived(partition)),
    );
    return text === null ? undefined : decode(text);
  }

  async listen(partition: number, receive: (state: ArchivedState) => void): Promise<() => Promise<void>> {
    return this.signals.listen(this.keys.archivedChannel(partition), (text) => receive(decode(text)));
  }
}

const encode = ({ position, failing }: ArchivedState): string => JSON.stringify({ position: formatPosition(position), failing });

function decode(text: string): ArchivedState {
  const { position, failing } = JSON.parse(text) as { position: string; failing?: string };
  return { position: parsePosition(position), failing };
}
