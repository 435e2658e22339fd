import type { ServiceName } from '@torch/contracts';
import type { AnyCommand } from '@torch/kernel';
import type { CommandQueues, Consumed } from '@torch/log';
import { readCommands } from './command-batch';
import { idBefore } from './entry-id';
import type { CommandEnvelope } from './envelope';
import { ReadSize } from './read-size';
import type { HostLogger } from './host.ports';
import type { Decision } from './service';

export interface WaitingCommand {
  readonly command: CommandEnvelope;
  /** Set for a command that no decider should see: it is answered with this. */
  readonly handle?: (command: AnyCommand) => Decision;
  /** How far the queue is consumed once this is decided. */
  readonly place: Pick<Consumed, 'entry' | 'commands'>;
  readonly lastOfEntry: boolean;
}

interface BacklogParts {
  readonly queues: CommandQueues;
  readonly partition: number;
  readonly service: ServiceName;
  readonly entriesMax: number;
  readonly log: HostLogger;
}

/** What was read from the command queue and waits for its turn: at most one read's worth, about a MiB, each entry read once. */
export class CommandBacklog {
  private waiting: WaitingCommand[] = [];
  private next = 0;
  private readonly readSize = new ReadSize();
  /** The last read gave as many entries as it may. */
  mayHaveMore = true;
  /** The last entry that was read. */
  readThrough: string;
  /** The last entry of which every command has had its turn. */
  decidedThrough: string;

  constructor(
    private readonly parts: BacklogParts,
    private readonly consumed: Consumed,
  ) {
    this.readThrough = idBefore(consumed.entry);
    this.decidedThrough = this.readThrough;
  }

  get size(): number {
    return this.waiting.length - this.next;
  }

  /** Reads on, once everything that was read has had its turn. */
  async fill(): Promise<void> {
    if (this.size > 0) return;
    const { queues, partition, service, entriesMax, log } = this.parts;
    const { entries, mayHaveMore } = await this.readSize.read(entriesMax, (count) =>
      queues.read(partition, service, this.readThrough, count),
    );
    this.mayHaveMore = mayHaveMore;
    this.next = 0;
    this.waiting = entries.flatMap((entry) => {
      const consumed = entry.id === this.consumed.entry ? this.consumed.commands : 0;
      return readCommands(entry, service, log)
        .map(({ command, handle }, index, all) => ({
          command,
          handle,
          place: { entry: entry.id, commands: index + 1 },
          lastOfEntry: index === all.length - 1,
        }))
        .slice(consumed);
    });
    this.readThrough = entries.at(-1)?.id ?? this.readThrough;
    if (this.waiting.length === 0) this.decidedThrough = this.readThrough;
  }

  take(): WaitingCommand | undefined {
    const taken = this.waiting[this.next];
    if (!taken) return undefined;
    this.next++;
    if (taken.lastOfEntry) this.decidedThrough = taken.place.entry;
    return taken;
  }
}
