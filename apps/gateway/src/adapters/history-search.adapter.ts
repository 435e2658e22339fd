import { setTimeout as after } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { type EventsFound, type FindEvents, type HistoryEvent, Queries } from '@torch/contracts';
import { DeadlineExceeded } from '@torch/host';
import { Rejection } from '@torch/kernel';
import { type CloudEvent, cloudEvent, LogUnavailable, parseEventId } from '@torch/log';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { Owners } from './owners.adapter';
import { PersonalData } from './personal-data.adapter';

export interface HistoryPage {
  readonly events: readonly CloudEvent[];
  /** Where to go on; absent when everything there is has been searched. */
  readonly next?: string;
  readonly through?: string;
  /** Commits on the way that retention has emptied. */
  readonly pruned: number;
}

/** First and longest pause between two attempts at a page that could not be had just now. */
const RETRY_MS = 100;
const RETRY_MS_MAX = 2000;

/** A project's history as audit finds it in archive and log, a bounded piece at a time. */
@Injectable()
export class HistorySearch {
  constructor(
    private readonly owners: Owners,
    private readonly personal: PersonalData,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  /** As many events as were asked for, or as can be found in the time that one request may take. */
  async page(project: string, question: FindEvents): Promise<HistoryPage> {
    const untilMs = performance.now() + this.config.historyReadMs;
    const limit = question.limit ?? this.config.historyPageDefault;
    const events: CloudEvent[] = [];
    let pruned = 0;
    for (let from = question.after; ;) {
      const found = await this.find(project, { ...question, after: from, limit: limit - events.length });
      events.push(...this.toCloudEvents(found.events));
      pruned += found.pruned;
      const { next, through } = found;
      if (next === undefined || events.length >= limit || performance.now() >= untilMs) return { events, next, through, pruned };
      from = next;
    }
  }

  /**
   * Every page there is. The first is there at once or refused; a later one that cannot be had just now is asked for again, as
   * long as `historyPatienceMs` allows.
   *
   * @throws what the last attempt at a page was refused with.
   */
  async *pages(project: string, question: FindEvents): AsyncGenerator<HistoryPage, void, void> {
    let patienceMs = 0;
    for (let from = question.after; ;) {
      const ask = { ...question, after: from, limit: this.config.historyExportPage };
      const found = await patiently(() => this.find(project, ask), patienceMs);
      yield { ...found, events: this.toCloudEvents(found.events) };
      if (found.next === undefined) return;
      from = found.next;
      patienceMs = this.config.historyPatienceMs;
    }
  }

  private toCloudEvents(events: readonly HistoryEvent[]): CloudEvent[] {
    return events.map(({ id, recordedAtMs, ...event }) => cloudEvent(this.personal.openedEvent(event), parseEventId(id), recordedAtMs));
  }

  private find(project: string, question: FindEvents): Promise<EventsFound> {
    return this.owners.query(Queries.FindEvents, project, question);
  }
}

async function patiently<T>(attempt: () => Promise<T>, patienceMs: number): Promise<T> {
  const untilMs = performance.now() + patienceMs;
  for (let pauseMs = RETRY_MS; ; pauseMs = Math.min(pauseMs * 2, RETRY_MS_MAX)) {
    try {
      return await attempt();
    } catch (error) {
      if (!isPassing(error) || performance.now() + pauseMs > untilMs) throw error;
    }
    await after(pauseMs);
  }
}

const isPassing = (error: unknown): boolean =>
  error instanceof LogUnavailable || error instanceof DeadlineExceeded || (error instanceof Rejection && error.code === 'busy');
