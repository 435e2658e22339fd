import {
  type Fence,
  formatPosition,
  type Gate,
  type GateOpening,
  type GateState,
  type Lease,
  type LogEntry,
  type Position,
  type ServiceMark,
} from '@torch/log';
import type { Connection } from './connection';
import { type GateWatch, openText, refusedText } from './gate.watch';
import type { Keys } from './keys';
import { leaseText } from './leases.adapter';

export class GateAdapter implements Gate {
  constructor(
    private readonly connection: Connection,
    private readonly keys: Keys,
    private readonly watch: GateWatch,
  ) {}

  async state(partition: number): Promise<GateState> {
    return this.watch.look(partition);
  }

  async restore(lease: Lease, incarnation: string, entries: readonly LogEntry[], { afresh = false } = {}): Promise<void> {
    const [first] = entries;
    if (!first) return;
    const { partition } = lease;
    const fence = fenceAt(lease, { seq: first.position.seq - 1, generation: first.position.generation });
    const commits = entries.flatMap(({ position, body }) => [formatPosition(position), body]);
    await this.connection.ask({ what: `restore partition ${partition}`, fence }, (redis) =>
      redis.torchRestore(
        ...this.keysOf(lease),
        leaseText(lease),
        openText(incarnation),
        first.position.seq,
        afresh ? 'afresh' : '',
        commits,
      ),
    );
  }

  async mark(lease: Lease, marks: readonly ServiceMark[]): Promise<void> {
    const request = { what: `mark the services of partition ${lease.partition}`, fence: fenceAt(lease) };
    for (const { service, epoch, entry } of marks) {
      const own = this.keys.service(lease.partition, service);
      const keeper = this.keys.service(lease.partition, lease.service).lease;
      await this.connection.ask(request, (redis) =>
        redis.torchMark(keeper, own.epoch, own.commands, own.lease, leaseText(lease), epoch, entry),
      );
    }
  }

  async open(lease: Lease, incarnation: string, { head, recovered }: GateOpening): Promise<void> {
    const next = recovered ? formatPosition({ seq: head.seq + 1, generation: recovered.generation }) : '';
    await this.set(lease, head, [openText(incarnation), formatPosition(head), next, recovered?.body ?? '']);
  }

  async refuse(lease: Lease, incarnation: string, reason: string): Promise<void> {
    await this.set(lease, undefined, [refusedText(incarnation, reason), '', '', '']);
  }

  private async set(lease: Lease, head: Position | undefined, settings: readonly string[]): Promise<void> {
    await this.connection.ask({ what: `set the gate of partition ${lease.partition}`, fence: fenceAt(lease, head) }, (redis) =>
      redis.torchOpen(...this.keysOf(lease), leaseText(lease), settings),
    );
    this.watch.forget(lease.partition);
  }

  private keysOf({ partition, service }: Lease): readonly string[] {
    return [this.keys.log(partition), this.keys.head(partition), this.keys.service(partition, service).lease, this.keys.gate(partition)];
  }
}

/** Only to say in an error what was expected. */
const fenceAt = (lease: Lease, seen: Position = { seq: 0, generation: 0 }): Fence => ({ ...lease, seen, generation: seen.generation });
