import type { AnyEvent } from '@torch/kernel';
import { COMMIT_END_INDEX, type EventPlace, formatPosition, type Position } from '@torch/log';
import { ArchiveBroken } from '../archive.errors';
import type { CompiledFilter, FoundEvent } from './event-filter';

/** How much a search may still find. Whatever takes the last of it is the last thing found. */
export interface Room {
  events: number;
  /** Of the events as JSON text, in UTF-16 units. */
  chars: number;
}

/** A commit, as far as a search looks into it. */
export interface SearchedCommit {
  readonly recordedAtMs: number;
  readonly events: readonly AnyEvent[];
}

export interface CommitToScan {
  readonly partition: number;
  readonly position: Position;
  readonly body: string;
}

/**
 * Adds the fitting events of a commit to `found`.
 *
 * @returns the place of the last one when there is no room behind it.
 * @throws ArchiveBroken when the body is not a commit.
 */
export function scanCommit(commit: CommitToScan, filter: CompiledFilter, room: Room, found: FoundEvent[]): EventPlace | undefined {
  const { partition, position, body } = commit;
  if (!filter.isBehind({ partition, position, index: COMMIT_END_INDEX })) return undefined;
  if (!filter.needles.every((group) => group.some((needle) => body.includes(needle)))) return undefined;
  const { recordedAtMs, events } = readCommit(position, body);
  if (!filter.fitsTime(recordedAtMs)) return undefined;
  for (const [index, event] of events.entries()) {
    const place = { partition, position, index };
    if (!filter.fits(event) || !filter.isBehind(place)) continue;
    found.push({ place, recordedAtMs, event });
    room.events--;
    if (room.chars !== Infinity) room.chars -= JSON.stringify(event).length;
    if (room.events <= 0 || room.chars <= 0) return place;
  }
  return undefined;
}

/** @throws ArchiveBroken when the body is not a commit. */
export function readCommit(position: Position, body: string): SearchedCommit {
  try {
    const commit = JSON.parse(body) as SearchedCommit;
    if (Array.isArray(commit.events)) return commit;
  } catch {
    // Said below.
  }
  throw new ArchiveBroken(`The record at ${formatPosition(position)} holds no commit.`, formatPosition(position));
}
