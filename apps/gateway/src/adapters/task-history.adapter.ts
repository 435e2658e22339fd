import { Inject, Injectable } from '@nestjs/common';
import { type CloudEvent, decodeCommit, type Log, type LogServer } from '@torch/log';
import { LOG_SERVER } from '@torch/platform';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { PersonalData } from './personal-data.adapter';

export interface Subject {
  readonly project: string;
  readonly partition: number;
  /** `task/<id>`. */
  readonly subject: string;
}

export interface HistoryPage {
  readonly events: CloudEvent[];
  /** The seq to go on after; absent at the end of the log. */
  readonly next?: number;
}

/** Finds the events of one subject in the log without reading all of it. */
@Injectable()
export class TaskHistory {
  private readonly log: Log;

  constructor(
    private readonly personal: PersonalData,
    @Inject(LOG_SERVER) server: LogServer,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {
    this.log = server.log;
  }

  /** From `afterSeq` on, or from where the log was at `sinceMs`. Reads for a limited time and says where to go on. */
  async page({ project, partition, subject }: Subject, from: { sinceMs: number } | { afterSeq: number }): Promise<HistoryPage> {
    const untilMs = performance.now() + this.config.historyReadMs;
    const needle = JSON.stringify(subject); // Most commits are about others, and need not be decoded to see that.
    const events: CloudEvent[] = [];
    let seq = 'afterSeq' in from ? from.afterSeq : (await this.firstSeqAt(partition, from.sinceMs - this.config.clockSkewMs)) - 1;
    for (;;) {
      const entries = await this.log.read(partition, seq, this.config.readEntriesMax);
      for (const entry of entries) {
        seq = entry.position.seq;
        if (!entry.body.includes(needle)) continue;
        const commit = decodeCommit(entry);
        events.push(...this.personal.eventsOf(commit, partition, (event) => event.subject === subject && event.project === project));
        if (events.length >= this.config.historyEventsMax) return { events, next: seq };
      }
      if (entries.length === 0) return { events };
      if (performance.now() >= untilMs) return { events, next: seq };
    }
  }

  /**
   * A seq at or before the first commit recorded at `atMs` or later, by halving: times in the log grow, but for the
   * difference between the services' clocks, which the caller has taken off.
   */
  private async firstSeqAt(partition: number, atMs: number): Promise<number> {
    const first = (await this.log.first(partition))?.seq ?? 1;
    let low = first;
    let high = (await this.log.head(partition)).seq + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [entry] = await this.log.read(partition, middle - 1, 1);
      if (entry && (JSON.parse(entry.body) as { recordedAtMs: number }).recordedAtMs < atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
