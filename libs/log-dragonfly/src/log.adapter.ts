import {
  checkAppendSize,
  checkContiguity,
  checkFence,
  type Fence,
  GateShut,
  type Log,
  type LogEntry,
  parsePosition,
  type Position,
  START,
} from '@torch/log';
import type { Connection } from './connection';
import type { GateWatch } from './gate.watch';
import type { Keys } from './keys';
import { leaseText } from './leases.adapter';
import { bodyOf, type StreamEntry } from './stream-entries';

export class LogAdapter implements Log {
  constructor(
    private readonly connection: Connection,
    private readonly keys: Keys,
    private readonly gate: GateWatch,
  ) {}

  async append(fence: Fence, bodies: readonly string[]): Promise<Position> {
    checkFence(fence);
    checkAppendSize(bodies);
    const { partition, service, seen, generation } = fence;
    const { lease } = this.keys.service(partition, service);
    const open = await this.gate.passage(partition, 'append');
    const first = await this.connection
      .ask({ what: `append to partition ${partition}`, fence }, (redis) =>
        redis.torchAppend(
          this.keys.log(partition),
          this.keys.head(partition),
          lease,
          this.keys.gate(partition),
          leaseText(fence),
          seen.seq,
          seen.generation,
          generation,
          open,
          bodies,
        ),
      )
      .catch((error: unknown) => {
        if (error instanceof GateShut) this.gate.forget(partition);
        throw error;
      });
    return parsePosition(first);
  }

  async read(partition: number, afterSeq: number, limit: number): Promise<readonly LogEntry[]> {
    await this.gate.passage(partition, 'read');
    // The head first: what it names, and is not found after it, is missing.
    const [head, found] = await this.connection.ask({ what: `read partition ${partition}` }, (redis) =>
      Promise.all([
        redis.get(this.keys.head(partition)),
        redis.xrange(this.keys.log(partition), `${afterSeq + 1}-0`, '+', 'COUNT', limit) as Promise<StreamEntry[]>,
      ]),
    );
    const headBefore = head === null ? START : parsePosition(head);
    const entries = found.map((entry) => ({ position: parsePosition(entry[0]), body: bodyOf(entry) }));
    // A torn script leaves the head behind the log: look at the log itself before calling it shorter.
    if (entries.length === 0 && headBefore.seq < afterSeq && (await this.head(partition)).seq >= afterSeq) return entries;
    checkContiguity({ partition, afterSeq, entries, headBefore });
    return entries;
  }

  async head(partition: number): Promise<Position> {
    await this.gate.passage(partition, 'read');
    // Two plain reads: who may only read can run no script. What comes between them is behind the head.
    const [head, [last]] = await this.connection.ask({ what: `head of partition ${partition}` }, (redis) =>
      Promise.all([
        redis.get(this.keys.head(partition)),
        redis.xrevrange(this.keys.log(partition), '+', '-', 'COUNT', 1) as Promise<StreamEntry[]>,
      ]),
    );
    const known = head === null ? START : parsePosition(head);
    // A script that was torn before it set the head leaves the last entry behind it.
    const found = last ? parsePosition(last[0]) : START;
    return found.seq > known.seq ? found : known;
  }

  async first(partition: number): Promise<Position | undefined> {
    await this.gate.passage(partition, 'read');
    const [entry] = await this.connection.ask({ what: `first entry of partition ${partition}` }, (redis) =>
      redis.xrange(this.keys.log(partition), '-', '+', 'COUNT', 1),
    );
    return entry && parsePosition(entry[0]);
  }

  async trim(partition: number, belowSeq: number): Promise<void> {
    await this.connection.ask({ what: `trim partition ${partition}`, partition }, (redis) =>
      redis.torchTrim(this.keys.log(partition), this.keys.trimGuard(partition), belowSeq),
    );
  }

  async setTrimGuard(partition: number, reader: string, seq: number): Promise<void> {
    await this.connection.ask({ what: `set the trim guard of partition ${partition}` }, (redis) =>
      redis.hset(this.keys.trimGuard(partition), reader, seq),
    );
  }

  async trimGuards(partition: number): Promise<ReadonlyMap<string, number>> {
    const stated = await this.connection.ask({ what: `trim guards of partition ${partition}` }, (redis) =>
      redis.hgetall(this.keys.trimGuard(partition)),
    );
    return new Map(Object.entries(stated).map(([reader, seq]) => [reader, Number(seq)]));
  }
}
