import { checkCommandEntrySize, type CommandEntry, type CommandQueues, entryIdAfter } from '@torch/log';
import type { Connection } from './connection';
import type { Keys } from './keys';
import { bodyOf } from './stream-entries';

export class CommandQueuesAdapter implements CommandQueues {
  constructor(
    private readonly connection: Connection,
    private readonly keys: Keys,
    private readonly entriesMax: number,
  ) {}

  async send(partition: number, service: string, body: string): Promise<string> {
    checkCommandEntrySize(body);
    const request = { what: `send commands to ${service} on partition ${partition}`, partition, service, entriesMax: this.entriesMax };
    return this.connection.ask(request, (redis) => redis.torchSend(this.keys.service(partition, service).commands, this.entriesMax, body));
  }

  async holds(partition: number, service: string, entryId: string): Promise<boolean> {
    const found = await this.connection.ask({ what: `look for commands to ${service} on partition ${partition}` }, (redis) =>
      redis.torchHolds(this.keys.service(partition, service).commands, entryId),
    );
    return found > 0;
  }

  async read(partition: number, service: string, afterId: string, limit: number): Promise<readonly CommandEntry[]> {
    const entries = await this.connection.ask({ what: `read the commands of ${service} on partition ${partition}` }, (redis) =>
      redis.xrange(this.keys.service(partition, service).commands, entryIdAfter(afterId), '+', 'COUNT', limit),
    );
    return entries.map((entry) => ({ id: entry[0], body: bodyOf(entry) }));
  }

  async trim(partition: number, service: string, throughId: string): Promise<void> {
    await this.connection.ask({ what: `trim the commands of ${service} on partition ${partition}` }, (redis) =>
      redis.xtrim(this.keys.service(partition, service).commands, 'MINID', entryIdAfter(throughId)),
    );
  }
}
