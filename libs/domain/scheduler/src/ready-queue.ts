import { Heap, HeapWalk, noteIndex } from './heap';
import type { TaskState } from './scheduler.state';

const PRIORITIES = 10;

/**
 * Ready tasks of one priority in order of submission. Most arrive in that order and are linked into a list, at O(1)
 * whatever its length; the late ones (retried, or blocked until now) wait in a heap beside it.
 */
class ReadyLane {
  first: TaskState | undefined;
  private last: TaskState | undefined;
  readonly late = new Heap<TaskState>((a, b) => a.seq < b.seq, noteIndex);

  push(task: TaskState): void {
    if (this.last && task.seq < this.last.seq) {
      this.late.push(task);
      return;
    }
    task.earlier = this.last;
    if (this.last) this.last.later = task;
    else this.first = task;
    this.last = task;
  }

  remove(task: TaskState): void {
    if (task.heapIndex >= 0) {
      this.late.removeAt(task.heapIndex);
      return;
    }
    const { earlier, later } = task;
    if (earlier) earlier.later = later;
    else this.first = later;
    if (later) later.earlier = earlier;
    else this.last = earlier;
    task.earlier = task.later = undefined;
  }
}

/** Ready tasks of one demand class: by priority, 0 first, then in order of submission. */
export class ReadyQueue {
  private readonly lanes: (ReadyLane | undefined)[] = [];
  size = 0;

  push(task: TaskState): void {
    (this.lanes[task.spec.priority] ??= new ReadyLane()).push(task);
    this.size++;
  }

  remove(task: TaskState): void {
    this.lanes[task.spec.priority]?.remove(task);
    this.size--;
  }

  lane(priority: number): ReadyLane | undefined {
    return this.lanes[priority];
  }
}

/** Goes through a queue in its order without changing it, at a cost that does not depend on its length. */
export class ReadyQueueWalk {
  private priority = -1;
  private linked: TaskState | undefined;
  private late: HeapWalk<TaskState> | undefined;

  constructor(private readonly queue: ReadyQueue) {
    this.skipEmptyLanes();
  }

  peek(): TaskState | undefined {
    const late = this.late?.peek();
    return late && (!this.linked || late.seq < this.linked.seq) ? late : this.linked;
  }

  next(): void {
    const head = this.peek();
    if (head === undefined) return;
    if (head === this.linked) this.linked = head.later;
    else this.late?.next();
    if (this.peek() === undefined) this.skipEmptyLanes();
  }

  private skipEmptyLanes(): void {
    while (this.peek() === undefined && ++this.priority < PRIORITIES) {
      const lane = this.queue.lane(this.priority);
      this.linked = lane?.first;
      this.late = lane && lane.late.size > 0 ? new HeapWalk(lane.late) : undefined;
    }
  }
}
