import type { EventPlace } from '@torch/log';
import type { FoundEvent } from './event-filter';
import { type EventSearch, findEvents } from './find-events';

/** What one page may cost. It comes back short when that is used up. */
export interface PageBudget {
  /** Bytes of records that are searched, decompressed. */
  readonly bytesMax: number;
  readonly timeMs: number;
}

export interface EventsPage {
  readonly events: readonly FoundEvent[];
  /** Everything up to here has been searched; absent when there is nothing behind `afterId`. */
  readonly through: EventPlace | undefined;
  /** True when the archive's end was reached. */
  readonly isEnd: boolean;
  readonly pruned: number;
  /** The search went through a sealed segment that has no index yet. */
  readonly isUnindexed: boolean;
}

/** As much of a search as its budget allows, and always a step of it. @throws as `findEvents`. */
export async function findEventsPage(search: EventSearch, { bytesMax, timeMs }: PageBudget): Promise<EventsPage> {
  const untilMs = performance.now() + timeMs;
  const events: FoundEvent[] = [];
  let page = { through: undefined as EventPlace | undefined, pruned: 0, isUnindexed: false };
  let bytes = 0;
  for await (const step of findEvents(search)) {
    events.push(...step.events);
    bytes += step.bytes;
    page = { through: step.through, pruned: page.pruned + step.pruned, isUnindexed: page.isUnindexed || step.isUnindexed };
    if (step.isFull || bytes >= bytesMax || performance.now() >= untilMs) return { events, ...page, isEnd: false };
  }
  return { events, ...page, isEnd: true };
}
