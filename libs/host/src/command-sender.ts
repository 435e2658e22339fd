import { type LogServer, LogUnavailable } from '@torch/log';
import type { CommandEnvelope } from './envelope';
import { type BackOff, backOffMs, type HostClock } from './host.clock';
import { Outbox } from './outbox';
import { SentEntry } from './sent-entry';
import type { Asker } from './waiting-askers';

interface CommandSenderParts {
  readonly server: Pick<LogServer, 'commands' | 'onReconnect'>;
  readonly clock: HostClock;
  /** Of what was queued and is not answered. */
  readonly resends: BackOff;
  /** Of what may not have been queued, since the connection was lost. */
  readonly retries: BackOff;
  /** Whether the owner says that it has decided what is in an entry, whose answers were lost then. */
  readonly isDecided: (partition: number, service: string, entryId: string) => Promise<boolean>;
}

/** Brings commands into the queues of their owners, and brings them there again when their answers do not come. */
export class CommandSender {
  private readonly outbox: Outbox<CommandEnvelope, SentEntry>;
  private readonly unanswered = new Set<SentEntry>();

  constructor(private readonly parts: CommandSenderParts) {
    this.outbox = new Outbox(parts.clock, (partition, service, body) => this.transmit(partition, service, body));
    parts.server.onReconnect(() => this.unanswered.forEach((entry) => entry.lookSoon()));
  }

  /** Sends until the asker is over, each time under the command's own id. What cannot pass fails the asker. */
  async send(partition: number, service: string, command: CommandEnvelope, asker: Asker): Promise<void> {
    const { clock, retries } = this.parts;
    for (let pauses = 0, failures = 0; !asker.over;) {
      try {
        const entry = await this.outbox.send(partition, service, command);
        if (asker.over) return;
        this.unanswered.add(entry);
        pauses = await entry.untilDue(asker, pauses);
      } catch (error) {
        if (!(error instanceof LogUnavailable && error.outcomeUnknown)) return asker.fail(error);
        asker.trouble = error;
        await asker.pause(clock, backOffMs(clock, failures++, retries));
      }
    }
  }

  close(): void {
    for (const entry of this.unanswered) entry.close();
    this.unanswered.clear();
  }

  private async transmit(partition: number, service: string, body: string): Promise<SentEntry> {
    const { server, clock, resends, isDecided } = this.parts;
    const id = await server.commands.send(partition, service, body);
    const entry: SentEntry = new SentEntry({
      clock,
      pauses: resends,
      isHeld: async () => (await server.commands.holds(partition, service, id)) && !(await isDecided(partition, service, id)),
      onOver: () => this.unanswered.delete(entry),
    });
    return entry;
  }
}
