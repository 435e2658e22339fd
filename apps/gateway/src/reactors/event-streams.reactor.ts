import { Inject, Injectable } from '@nestjs/common';
import { LogTails, type TailedCommit } from '@torch/host';
import { type EventPlace, formatPosition, type LogServer, samePosition } from '@torch/log';
import { LOG_SERVER } from '@torch/platform';
import { entryAt } from '../adapters/log-entry.adapter';
import type { SseConnection } from '../adapters/sse-connection.adapter';
import { sseFrame } from '../adapters/sse-connection.adapter';
import { Owners } from '../adapters/owners.adapter';
import { PersonalData } from '../adapters/personal-data.adapter';
import { refusal } from '../api/refusal';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';

export interface EventFilter {
  readonly project: string;
  readonly types?: readonly string[];
  readonly subject?: string;
}

/** Where an event stream begins: behind an event that the client has, behind a seq, or with what comes from now on. */
export type EventStart = { readonly lastEvent: EventPlace } | { readonly afterSeq: number } | undefined;

/** Tells clients what the log says of their project, from a position on. A slow client slows itself down, and nobody else. */
@Injectable()
export class EventStreams {
  constructor(
    private readonly owners: Owners,
    private readonly tails: LogTails,
    private readonly personal: PersonalData,
    @Inject(LOG_SERVER) private readonly server: LogServer,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  /** @throws Refusal 409 or 410 when the log does not hold the start, before anything is sent. */
  async open(filter: EventFilter, start: EventStart, connection: SseConnection): Promise<void> {
    const partition = this.owners.partitionOf(filter.project);
    const { afterSeq, skip } = await this.startOf(partition, start);
    const types = filter.types && new Set(filter.types);
    connection.open();
    const unsubscribe = this.tails.subscribe(partition, afterSeq, {
      onCommit: ({ commit }: TailedCommit) => {
        const alreadySeen = skip !== undefined && commit.position.seq === afterSeq + 1 ? skip : -1;
        const events = this.personal.eventsOf(
          commit,
          partition,
          ({ project, type, subject }, index) =>
            index > alreadySeen && project === filter.project && (types?.has(type) ?? true) && (filter.subject ?? subject) === subject,
        );
        for (const event of events) connection.send(sseFrame({ id: event.id, event: event.type, data: event }));
        return this.keptUp(connection);
      },
      onEnd: (error: Error) => connection.end(`the log cannot be followed any further: ${error.message}`),
    });
    connection.onClose(unsubscribe);
    if (connection.closed) unsubscribe();
  }

  /** What was trimmed away, lost with a tail, or never there cannot be resumed behind. */
  private async startOf(partition: number, start: EventStart): Promise<{ afterSeq: number; skip?: number }> {
    const { log } = this.server;
    if (start === undefined) return { afterSeq: (await log.head(partition)).seq };
    if ('afterSeq' in start) {
      if (start.afterSeq > (await log.head(partition)).seq)
        throw unknownPosition(`Partition ${partition} of the log ends before ${start.afterSeq}.`);
      await entryAt(log, partition, start.afterSeq + 1);
      return start;
    }
    const { position, index, partition: from } = start.lastEvent;
    if (from !== partition) throw unknownPosition(`Events of the project are in partition ${partition}, and not ${from}.`);
    const entry = await entryAt(log, partition, position.seq);
    if (entry && samePosition(entry.position, position)) return { afterSeq: position.seq - 1, skip: index };
    throw unknownPosition(
      `Partition ${partition} of the log has no ${formatPosition(position)}: it has lost its tail since. Begin again, behind a seq.`,
    );
  }

  /** Resolves when the client has taken enough of what was sent. One that takes nothing for long is cut off. */
  private keptUp(connection: SseConnection): Promise<void> | undefined {
    if (connection.closed || connection.behindBytes <= this.config.streamPauseBytes) return undefined;
    const timer = setTimeout(
      () => connection.end(`the client took nothing for ${this.config.streamStallMs} ms`),
      this.config.streamStallMs,
    );
    return connection.drained().finally(() => clearTimeout(timer));
  }
}

const unknownPosition = (message: string): Error => refusal(409, 'unknown-position', message);
