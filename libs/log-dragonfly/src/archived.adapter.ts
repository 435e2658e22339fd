import { type Archived, type ArchivedState, formatPosition, parsePosition, type Signals } from '@torch/log';
import type { Connection } from './connection';
import type { Keys } from './keys';

export class ArchivedAdapter implements Archived {
  constructor(
    private readonly connection: Connection,
    private readonly signals: Signals,
    private readonly keys: Keys,
  ) {}

  async publish(partition: number, state: ArchivedState): Promise<void> {
    const text = encode(state);
    await this.connection.ask({ what: `say how far partition ${partition} is archived` }, (redis) =>
      Promise.all([
        redis.set(this.keys.archived(partition), text),
        redis.publish(this.keys.channel(this.keys.archivedChannel(partition)), text),
      ]),
    );
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
