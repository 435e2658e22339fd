import type { AnyEvent } from '@torch/kernel';
import { type Commit, decodeCommit, eventId, type LogEntry, type MemoryStore } from '@torch/log';
import type { Deciders } from '../deciders';
import type { History } from '../history';

export interface PlacedEntry extends LogEntry {
  readonly partition: number;
}

export interface PlacedCommit extends Commit {
  readonly partition: number;
}

export interface SeenEvent {
  readonly id: string;
  readonly event: AnyEvent;
  readonly commit: PlacedCommit;
}

/** Everything that checkers look at: the log as it is at the end, and what the world knows besides. */
export interface Account {
  readonly seed: number;
  /** Partition by partition, in order. */
  readonly entries: readonly PlacedEntry[];
  readonly commits: readonly PlacedCommit[];
  readonly events: readonly SeenEvent[];
  readonly history: History;
  readonly deciders: Deciders;
  readonly store: MemoryStore;
  readonly partitions: number;
  /** Submitted, and not ended: each with the event that submitted it. */
  openTasks(): readonly SeenEvent[];
}

/** A guarantee that does not hold, and the first event that says so. */
export class Violation extends Error {
  constructor(
    readonly what: string,
    readonly at?: SeenEvent | string,
  ) {
    const place = at === undefined || typeof at === 'string' ? at : `${at.id} ${at.event.type} ${JSON.stringify(at.event.data)}`;
    super(place === undefined ? what : `${what} At ${place}`);
    this.name = 'Violation';
  }
}

const TASK_ENDS = new Set(['task.completed', 'task.failed', 'task.dead-lettered', 'task.cancelled', 'task.skipped']);
export const endsTask = ({ type }: AnyEvent): boolean => TASK_ENDS.has(type);

/** The same entries are decoded once, however often a world is looked at. */
const decoded = new WeakMap<LogEntry, Commit>();

function commitOf(entry: LogEntry): Commit {
  let commit = decoded.get(entry);
  if (!commit) decoded.set(entry, (commit = decodeCommit(entry)));
  return commit;
}

interface Given {
  readonly seed: number;
  readonly store: MemoryStore;
  readonly partitions: number;
  readonly history: History;
  readonly deciders: Deciders;
}

export function accountOf(given: Given): Account {
  const { store, partitions } = given;
  const entries: PlacedEntry[] = [];
  const commits: PlacedCommit[] = [];
  for (let partition = 0; partition < partitions; partition++)
    for (const entry of store.partition(partition).entries) {
      entries.push({ ...entry, partition });
      commits.push({ ...commitOf(entry), partition });
    }
  const events = commits.flatMap((commit) =>
    commit.events.map((event, index) => ({
      id: eventId({ partition: commit.partition, position: commit.position, index }),
      event,
      commit,
    })),
  );
  return { ...given, entries, commits, events, openTasks: () => openTasks(events) };
}

/** Whether anything is submitted and not ended, told without an account of everything. */
export function isAnythingOpen({ store, partitions }: Pick<Given, 'store' | 'partitions'>): boolean {
  const open = new Set<string>();
  for (let partition = 0; partition < partitions; partition++)
    for (const entry of store.partition(partition).entries)
      for (const event of commitOf(entry).events) {
        if (!event.type.startsWith('task.')) continue;
        const { taskId, spec } = event.data as { taskId?: string; spec?: { taskId: string } };
        const key = `${event.project}/${taskId ?? spec?.taskId}`;
        if (event.type === 'task.submitted' || event.type === 'task.requeued') open.add(key);
        else if (endsTask(event)) open.delete(key);
      }
  return open.size > 0;
}

function openTasks(events: readonly SeenEvent[]): readonly SeenEvent[] {
  const open = new Map<string, SeenEvent>();
  const submitted = new Map<string, SeenEvent>();
  for (const seen of events) {
    const { event } = seen;
    const { taskId, spec } = event.data as { taskId?: string; spec?: { taskId: string } };
    const key = `${event.project}/${taskId ?? spec?.taskId}`;
    if (event.type === 'task.submitted') {
      submitted.set(key, seen);
      open.set(key, seen);
    } else if (endsTask(event)) open.delete(key);
    else if (event.type === 'task.requeued' && submitted.has(key)) open.set(key, submitted.get(key) as SeenEvent);
  }
  return [...open.values()];
}
