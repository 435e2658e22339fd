import { type AnyEvent, InvariantViolation } from '@torch/kernel';
import { eventContract, fieldProblem, upcast } from '@torch/contracts';
import { COMMIT_BYTES_MAX, EVENT_BYTES_MAX, type LogEntry } from './log';
import { EntryTooLarge } from './log.errors';
import { formatPosition, type Position } from './position';

/** How far the owner had read when it decided a commit. A new owner resumes behind it. */
export interface Consumed {
  /** Id of the last command entry of which something was decided; `0-0` before the first. */
  readonly entry: string;
  /** How many commands of that entry are decided. */
  readonly commands: number;
  /** The last log seq whose foreign events were taken in. */
  readonly seq: number;
}

/** What a command was answered: `[idempotencyId]` when it was accepted, with code and message when it was rejected. */
export type RecordedAnswer = readonly [id: string] | readonly [id: string, code: string, message: string];

export interface CommitHeader {
  readonly service: string;
  readonly epoch: number;
  /** Epoch ms. */
  readonly recordedAtMs: number;
  readonly consumed: Consumed;
  /** Answers to the commands that this commit decided, in their order. */
  readonly answers: readonly RecordedAnswer[];
}

export interface Commit extends CommitHeader {
  readonly position: Position;
  readonly events: readonly AnyEvent[];
  /** The index in the commit of each of `events`, for a reader that left some out; absent: all are there. */
  readonly indexes?: readonly number[];
}

export type CommitDraft = Omit<Commit, 'position' | 'indexes'>;

/** Splits nothing and adds nothing: the text of one commit as the log holds it. Use `sizeOf` to keep within its limit. */
export function encodeCommit(draft: CommitDraft): string {
  return JSON.stringify(draft);
}

/**
 * The size of an event in a commit, checked.
 *
 * @throws EntryTooLarge over 64 KiB.
 */
export function eventBytes(event: AnyEvent): number {
  const bytes = Buffer.byteLength(JSON.stringify(event)) + 1;
  if (bytes > EVENT_BYTES_MAX) throw new EntryTooLarge(`Event ${event.type} of ${event.subject}`, bytes, EVENT_BYTES_MAX);
  return bytes;
}

/** @throws EntryTooLarge over 1 MiB. */
export function checkCommitSize(body: string): void {
  if (body.length * 3 <= COMMIT_BYTES_MAX) return;
  const bytes = Buffer.byteLength(body);
  if (bytes > COMMIT_BYTES_MAX) throw new EntryTooLarge('A commit', bytes, COMMIT_BYTES_MAX);
}

/**
 * Reads a commit back, with every event checked and lifted to its newest version.
 *
 * Events of types that this build does not know are kept as they are: whoever asked for them would not be this build.
 * @param wants leaves out the events of types that the reader has no use for, unchecked.
 * @throws InvariantViolation naming the position when the text is not a commit, or an event does not fit its contract.
 */
export function decodeCommit({ position, body }: LogEntry, wants?: (type: string, service: string) => boolean): Commit {
  let commit: Commit;
  try {
    commit = JSON.parse(body) as Commit;
  } catch (error) {
    throw new InvariantViolation(`The commit at ${formatPosition(position)} is not JSON: ${String(error)}`);
  }
  if (!Array.isArray(commit.events)) throw new InvariantViolation(`The commit at ${formatPosition(position)} has no events.`);
  const events: AnyEvent[] = [];
  const indexes: number[] = [];
  for (const [index, event] of commit.events.entries()) {
    if (wants && !wants(event.type, commit.service)) continue;
    events.push(readEvent(event, position, index));
    indexes.push(index);
  }
  return indexes.length === commit.events.length ? { ...commit, position, events } : { ...commit, position, events, indexes };
}

function readEvent(event: AnyEvent, position: Position, index: number): AnyEvent {
  const contract = eventContract(event.type);
  if (!contract) return event;
  const data = upcast(contract, event.v, event.data);
  const problem = fieldProblem(contract.data, data);
  if (problem)
    throw new InvariantViolation(
      `Event ${formatPosition(position)}/${index} (${event.type}) does not fit its contract: ${problem.message}`,
    );
  return event.v === contract.v ? event : { ...event, v: contract.v, data };
}
