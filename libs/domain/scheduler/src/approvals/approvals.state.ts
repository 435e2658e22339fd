import type { ApprovalTimeoutPolicy } from '@torch/contracts';
import { Heap, noteIndex, orderedIds, present } from '@torch/kernel';

/** Answered and withdrawn questions that a project remembers; the one that was closed first is forgotten first. */
export const APPROVALS_CLOSED_KEPT = 1000;

/** A question that people are asked. */
export interface Approval {
  readonly id: string;
  /** Place in the order of asking, over the whole project. */
  readonly seq: number;
  readonly taskId: string;
  /** With `agentId`, whose question it is; absent: the task may not start before the answer. */
  readonly attempt?: number;
  readonly agentId?: string;
  readonly question: string;
  readonly options: readonly string[];
  readonly onTimeout: ApprovalTimeoutPolicy;
  readonly escalateTo?: string;
  readonly requestedAtMs: number;
  /** From the request to the time-out, and from the escalation to the next. */
  readonly timeoutMs: number;
  /** What the attempt had left of its lease when its first open question was asked: it gets as much after the last answer. */
  readonly leaseLeftMs?: number;
  timeoutAtMs: number;
  escalatedTo?: string;
  status: 'open' | 'answered' | 'withdrawn';
  option?: string;
  /** Of the answer; why, when it was withdrawn. */
  note?: string;
  answeredBy?: string;
  answeredAtMs?: number;
  /** Derived: place among the timers, or -1. */
  heapIndex: number;
}

type Encoded = Omit<Approval, 'heapIndex'>;

interface EncodedApprovals {
  readonly lastSeq: number;
  readonly open: readonly Encoded[];
  readonly closed: readonly Encoded[];
  readonly moot: readonly string[];
}

export type Closing = Pick<Approval, 'option' | 'note' | 'answeredBy' | 'answeredAtMs'> & { readonly status: 'answered' | 'withdrawn' };

/** The questions of one project. Changed by `evolve` alone. */
export class Approvals {
  lastSeq = 0;
  /** In the order of asking. */
  readonly open = new Map<string, Approval>();
  /** In the order of closing. */
  readonly closed = new Map<string, Approval>();
  /** Open questions whose task or attempt has ended: `settle` withdraws them. */
  readonly moot = orderedIds();
  /** Derived: the next to run out of time is on top. */
  readonly timers = new Heap<Approval>(
    (a, b) => a.timeoutAtMs < b.timeoutAtMs || (a.timeoutAtMs === b.timeoutAtMs && a.seq < b.seq),
    noteIndex,
  );
  /** Derived: the open questions of each task, in the order of asking. */
  private readonly byTask = new Map<string, Set<Approval>>();

  find(id: string): Approval | undefined {
    return this.open.get(id) ?? this.closed.get(id);
  }

  /** The task's open questions, in the order of asking. */
  openOf(taskId: string): readonly Approval[] {
    return [...(this.byTask.get(taskId) ?? [])];
  }

  /** Somebody is being asked whether the task may start. */
  isAsked(taskId: string): boolean {
    for (const { id, attempt } of this.byTask.get(taskId) ?? []) if (attempt === undefined && !this.moot.has(id)) return true;
    return false;
  }

  add(approval: Approval): void {
    this.open.set(approval.id, approval);
    this.timers.push(approval);
    const ofTask = this.byTask.get(approval.taskId);
    if (ofTask) ofTask.add(approval);
    else this.byTask.set(approval.taskId, new Set([approval]));
  }

  postpone(approval: Approval, timeoutAtMs: number): void {
    approval.timeoutAtMs = timeoutAtMs;
    this.timers.updateAt(approval.heapIndex);
  }

  close(approval: Approval, closing: Closing): void {
    Object.assign(approval, closing);
    this.timers.removeAt(approval.heapIndex);
    this.open.delete(approval.id);
    this.moot.delete(approval.id);
    const ofTask = this.byTask.get(approval.taskId);
    if (ofTask?.delete(approval) && ofTask.size === 0) this.byTask.delete(approval.taskId);
    this.closed.set(approval.id, approval);
    for (const id of this.closed.keys()) {
      if (this.closed.size <= APPROVALS_CLOSED_KEPT) break;
      this.closed.delete(id);
    }
  }

  encode(): EncodedApprovals {
    return {
      lastSeq: this.lastSeq,
      open: [...this.open.values()].map(encoded),
      closed: [...this.closed.values()].map(encoded),
      moot: [...this.moot],
    };
  }

  static decode(from: unknown): Approvals {
    const { lastSeq, open, closed, moot } = from as EncodedApprovals;
    const approvals = new Approvals();
    approvals.lastSeq = lastSeq;
    for (const approval of open) approvals.add({ ...approval, heapIndex: -1 });
    for (const approval of closed) approvals.closed.set(approval.id, { ...approval, heapIndex: -1 });
    for (const id of moot) approvals.moot.add(id);
    return approvals;
  }
}

const encoded = ({ heapIndex: _derived, ...approval }: Approval): Encoded => present(approval);
