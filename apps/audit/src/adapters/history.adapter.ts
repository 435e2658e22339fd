import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { archiveHead, buildIndexes, compileFilter, type EventFilter, findEventsPage, type FoundEvent } from '@torch/archive';
import type { EventsFound, FindEvents, HistoryEvent } from '@torch/contracts';
import { Rejection } from '@torch/kernel';
import { eventId, type EventPlace, type LogServer, LogUnavailable, parseEventId } from '@torch/log';
import { LOG_SERVER, TORCH_ENV, type TorchEnv } from '@torch/platform';
import { HISTORY_CONFIG, type HistoryConfig } from '../history.config';
import { LogSearch } from './log-search.adapter';

export interface HistoryQuestion {
  readonly partition: number;
  readonly project: string;
  readonly question: FindEvents;
}

/** Finds events in the archive, and those that are too new for it in the log. */
@Injectable()
export class History implements OnModuleDestroy {
  private readonly logger = new Logger(History.name);
  private readonly asked = new Map<number, number>();
  private readonly stopped = new AbortController();
  private indexing: Promise<void> | undefined;

  constructor(
    @Inject(TORCH_ENV) private readonly env: Pick<TorchEnv, 'archiveDir'>,
    @Inject(HISTORY_CONFIG) private readonly config: HistoryConfig,
    @Inject(LOG_SERVER) private readonly server: Pick<LogServer, 'log'>,
  ) {}

  /** @throws Rejection `invalid-query` when the question does not fit, `busy` when it must be asked again later. */
  async find(asked: HistoryQuestion): Promise<EventsFound> {
    const { partition } = asked;
    const others = this.asked.get(partition) ?? 0;
    if (others >= this.config.questionsMax)
      throw new Rejection('busy', `Audit looks for ${others} answers in partition ${partition} already.`);
    this.asked.set(partition, others + 1);
    try {
      return await this.search(asked);
    } catch (error) {
      if (error instanceof RangeError) throw new Rejection('invalid-query', error.message);
      if (error instanceof LogUnavailable) throw new Rejection('busy', 'The log cannot be reached just now.');
      throw error;
    } finally {
      this.asked.set(partition, (this.asked.get(partition) ?? 1) - 1);
    }
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped.abort();
    await this.indexing;
  }

  private async search({ partition, project, question }: HistoryQuestion): Promise<EventsFound> {
    const { timeMs, bytesMax, answerCharsMax, limitDefault, readEntriesMax } = this.config;
    const untilMs = performance.now() + timeMs;
    const { after: afterId, limit = limitDefault, ...fields } = question;
    const filter: EventFilter = { ...fields, project, afterId, limit };
    const place = { dir: this.env.archiveDir, partition };
    // Asked first: the archive grows, and what it gains during the search must not fall between the two.
    const head = await archiveHead(place);
    const page = await findEventsPage({ ...place, filter, charsMax: answerCharsMax }, { bytesMax, timeMs });
    if (page.isUnindexed) this.buildIndexesOf(partition);
    const events = [...page.events];
    if (!page.isEnd) return answer(events, { through: page.through, isEnd: false, pruned: page.pruned });
    const reached = page.through ?? (afterId === undefined ? undefined : parseEventId(afterId));
    const behind = compileFilter({ ...filter, afterId: reached && eventId(reached) }, partition);
    const search = new LogSearch({ log: this.server.log, partition, filter: behind, readEntriesMax, untilMs });
    const archived = page.through?.position.seq ?? head.seq;
    const room = { events: limit - events.length, chars: answerCharsMax - charsOf(events) };
    const { isEnd, through } = await search.find(archived, room, events);
    return answer(events, { through, isEnd, pruned: page.pruned });
  }

  /** One partition at a time; what is asked meanwhile is searched without. */
  private buildIndexesOf(partition: number): void {
    const { signal } = this.stopped;
    if (signal.aborted) return;
    this.indexing ??= buildIndexes({ dir: this.env.archiveDir, partition, signal })
      .then(
        (built) => this.logger.log(`Partition ${partition} has ${built} more segments with an index for searching.`),
        (error: unknown) => this.logger.error(`The indexes of partition ${partition} could not be built: ${(error as Error).message}`),
      )
      .then(() => {
        this.indexing = undefined;
      });
  }
}

const charsOf = (events: readonly FoundEvent[]): number => events.reduce((sum, { event }) => sum + JSON.stringify(event).length, 0);

interface Searched {
  readonly through: EventPlace | undefined;
  readonly isEnd: boolean;
  readonly pruned: number;
}

function answer(events: readonly FoundEvent[], { through, isEnd, pruned }: Searched): EventsFound {
  const reached = through && eventId(through);
  return {
    events: events.map(toHistoryEvent),
    ...(!isEnd && { next: reached }),
    ...(reached !== undefined && { through: reached }),
    pruned,
  };
}

function toHistoryEvent({ place, recordedAtMs, event }: FoundEvent): HistoryEvent {
  return { id: eventId(place), recordedAtMs, ...event, data: event.data as object };
}
