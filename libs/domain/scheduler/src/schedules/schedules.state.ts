import type { ScheduleSet } from '@torch/contracts';
import { Heap, noteIndex, present } from '@torch/kernel';

/** What was asked for, with every default filled in. */
export type ScheduleDefinition = Required<Omit<ScheduleSet, 'nextAtMs' | 'setAtMs'>>;

export interface Schedule {
  readonly definition: ScheduleDefinition;
  /** Who set it last: its runs wait in turn with that person's own. */
  readonly setBy: string;
  /** Undefined: paused. May have passed; what is due is decided from it on. */
  nextAtMs?: number;
  lastRunId?: string;
  lastFiredAtMs?: number;
  /** Runs that had not ended when the last one began, and that one; the oldest first. */
  runIds: readonly string[];
  /** Derived: place among the timers, or -1. */
  heapIndex: number;
}

type Encoded = Omit<Schedule, 'heapIndex'>;

/** The recurring tasks of one project. Changed by `evolve` alone. */
export class Schedules {
  readonly byId = new Map<string, Schedule>();
  /** Derived: the next to fire is on top; none that is paused. */
  readonly timers = new Heap<Schedule>(isBefore, noteIndex);

  /** Takes the place of the schedule of the same id. */
  put(schedule: Schedule): void {
    this.remove(schedule.definition.scheduleId);
    this.byId.set(schedule.definition.scheduleId, schedule);
    this.setNext(schedule, schedule.nextAtMs);
  }

  remove(scheduleId: string): void {
    const schedule = this.byId.get(scheduleId);
    if (schedule && schedule.heapIndex >= 0) this.timers.removeAt(schedule.heapIndex);
    this.byId.delete(scheduleId);
  }

  setNext(schedule: Schedule, nextAtMs: number | undefined): void {
    schedule.nextAtMs = nextAtMs;
    if (nextAtMs === undefined) {
      if (schedule.heapIndex >= 0) this.timers.removeAt(schedule.heapIndex);
    } else if (schedule.heapIndex >= 0) this.timers.updateAt(schedule.heapIndex);
    else this.timers.push(schedule);
  }

  /** By id. */
  all(): readonly Schedule[] {
    return [...this.byId.values()].sort((a, b) => (a.definition.scheduleId < b.definition.scheduleId ? -1 : 1));
  }

  encode(): readonly Encoded[] {
    return this.all().map(({ heapIndex: _derived, ...schedule }) => present(schedule));
  }

  static decode(encoded: unknown): Schedules {
    const schedules = new Schedules();
    for (const schedule of encoded as readonly Encoded[]) schedules.put({ ...schedule, heapIndex: -1 });
    return schedules;
  }
}

function isBefore(a: Schedule, b: Schedule): boolean {
  const [atA, atB] = [a.nextAtMs ?? Infinity, b.nextAtMs ?? Infinity];
  return atA < atB || (atA === atB && a.definition.scheduleId < b.definition.scheduleId);
}
