import { Heap, invariant, noteIndex } from '@torch/kernel';
import type { DemandClass } from '../matching';
import type { TaskState } from '../scheduler.state';
import type { Share } from './fair-shares';
import type { KeyLane, OrderQueue } from './order-queue';

interface Since {
  readonly task: TaskState;
  readonly readyAtMs: number;
}

/**
 * Ready tasks that are one to the rules: of one class, fairness key and priority, held back by the same gates and kept from the
 * same agents. They go in order of submission. Most arrive in it and are linked into a list, at O(1) whatever its length; the late
 * ones (retried, or blocked until now) wait in a heap beside it.
 *
 * A strand moves as one: what has waited longest in it is what ages it.
 */
export class Strand {
  size = 0;
  /** Of the task that is next: kept here for the heaps that the strand is in. */
  headSeq = Infinity;
  /** As of the last look at the clock. */
  level = 0;
  promotedAtMs = Infinity;
  /** Where it queues whenever it is not set aside. */
  home: OrderQueue;
  /** While it queues: its lane there. */
  lane: KeyLane | undefined;
  laneIndex = -1;
  promotionIndex = -1;
  /** While it is set aside, because a gate holds it or because no free agent may take it: among which others. */
  aside: Set<Strand> | undefined;
  private first: TaskState | undefined;
  private last: TaskState | undefined;
  private late: Heap<TaskState> | undefined;
  /** Since when the late ones are ready; those that have left are dropped when they come to the top. */
  private lateSince: Heap<Since> | undefined;

  constructor(
    readonly key: string,
    readonly demand: DemandClass,
    readonly share: Share,
    readonly priority: number,
  ) {
    this.home = demand.queue.main;
  }

  get head(): TaskState {
    const late = this.late?.peek();
    const head = late && (!this.first || late.seq < this.first.seq) ? late : this.first;
    invariant(head, `Strand ${this.key} of role ${this.demand.role.name} queues without a task.`);
    return head;
  }

  /** True when the task has others of the list before it: what is next, and since when, is as it was. */
  push(task: TaskState): boolean {
    const { last } = this;
    const isLate = last !== undefined && (task.seq < last.seq || readyAtMs(task) < readyAtMs(last));
    if (isLate) this.pushLate(task);
    else {
      task.earlier = last;
      if (last) last.later = task;
      else this.first = task;
      this.last = task;
    }
    this.size++;
    if (task.seq < this.headSeq) this.headSeq = task.seq;
    return last !== undefined && !isLate;
  }

  remove(task: TaskState): void {
    if (task.heapIndex >= 0) this.late?.removeAt(task.heapIndex);
    else this.unlink(task);
    this.size--;
    this.headSeq = this.size === 0 ? Infinity : this.head.seq;
  }

  /** Of its tasks, since when the one that has waited longest is ready, epoch ms. */
  readySinceMs(): number {
    const linked = this.first ? readyAtMs(this.first) : Infinity;
    for (let since = this.lateSince?.peek(); since; since = this.lateSince?.peek()) {
      const { task } = since;
      if (task.strand === this && task.heapIndex >= 0 && readyAtMs(task) === since.readyAtMs) return Math.min(linked, since.readyAtMs);
      this.lateSince?.pop();
    }
    return linked;
  }

  /** In no order that means anything. */
  *tasks(): Iterable<TaskState> {
    for (let task = this.first; task; task = task.later) yield task;
    for (let i = 0; i < (this.late?.size ?? 0); i++) yield this.late?.at(i) as TaskState;
  }

  private pushLate(task: TaskState): void {
    this.late ??= new Heap<TaskState>((a, b) => a.seq < b.seq, noteIndex);
    this.lateSince ??= new Heap<Since>((a, b) => a.readyAtMs < b.readyAtMs);
    this.late.push(task);
    this.lateSince.push({ task, readyAtMs: readyAtMs(task) });
  }

  private unlink(task: TaskState): void {
    const { earlier, later } = task;
    if (earlier) earlier.later = later;
    else this.first = later;
    if (later) later.earlier = earlier;
    else this.last = earlier;
    task.earlier = task.later = undefined;
  }
}

const readyAtMs = (task: TaskState): number => task.readyAtMs ?? task.submittedAtMs;

/** What goes first: the better level, then the key that has had less, then what was submitted first. */
export function goesFirst(a: Strand, b: Strand): boolean {
  if (a.level !== b.level) return a.level < b.level;
  if (a.share.vt !== b.share.vt) return a.share.vt < b.share.vt;
  return a.headSeq < b.headSeq;
}

/** Of the first strands of two roles: the better level, then the role that has had less, then what was submitted first. */
export function roleGoesFirst(a: Strand, b: Strand): boolean {
  if (a.level !== b.level) return a.level < b.level;
  const [ours, theirs] = [vtOfRole(a), vtOfRole(b)];
  return ours === theirs ? a.headSeq < b.headSeq : ours < theirs;
}

const vtOfRole = ({ demand }: Strand): number => demand.role.share?.vt ?? 0;
