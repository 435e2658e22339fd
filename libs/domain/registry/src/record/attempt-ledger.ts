import { KIND_DEFAULT, skillLevel, type TaskSpec } from '@torch/contracts';
import { Throttled } from './throttled';

/** What a task is to track records. Tasks of one sort share it. */
interface TaskSort {
  readonly kind: string;
  /** Without levels, sorted, each once. */
  readonly skills: readonly string[];
}

interface LiveAttempt {
  readonly agentId: string;
  readonly attempt: number;
}

/** The ledger as lists of records, for a snapshot. */
export interface LedgerLists {
  /** Open tasks that are not of the default sort. */
  readonly sorts: readonly [taskId: string, kind: string, ...skills: string[]];
  /** The one that ended first comes first. */
  readonly ended: string;
  readonly live: readonly [taskId: string, attempt: number, agentId: string];
  readonly questions: readonly [approvalId: string, agentId: string];
  readonly limited: readonly [taskId: string, agentId: string];
  readonly throttled: readonly [agentId: string, untilMs: number];
}

const idOf = ([id]: readonly [string, ...unknown[]]): string => id;

/** Everything but `ended` is in no order of its own. */
export const LEDGER_SORTED_BY = { sorts: idOf, live: idOf, questions: idOf, limited: idOf, throttled: idOf };

const DEFAULT_SORT: TaskSort = { kind: KIND_DEFAULT, skills: [] };

/** Sorts that are shared before it is asked whether any task still has them. */
const SHARED_MIN = 1000;

/** What the registry has to know of tasks, to say how agents fare: it is as large as what is open. */
export class AttemptLedger {
  /** Of tasks that are not of the default sort. */
  private readonly sorts = new Map<string, TaskSort>();
  private readonly shared = new Map<string, TaskSort>();
  /** Tasks that ended without success and may be retried; a limited number, the one that ended first goes first. */
  private readonly ended = new Set<string>();
  private readonly live = new Map<string, LiveAttempt>();
  /** Who asked an open question. */
  private readonly questions = new Map<string, string>();
  /** Who met a rate limit, until it is said when the task is tried again. */
  private readonly limited = new Map<string, string>();
  /** Agents that are to get nothing new for a while, and until when. */
  readonly throttled = new Throttled();

  constructor(private readonly endedMax: number) {}

  submitted({ taskId, kind = KIND_DEFAULT, skills }: Pick<TaskSpec, 'taskId' | 'kind' | 'skills'>): void {
    if (kind === KIND_DEFAULT && skills.length === 0) return;
    const names = [...new Set(skills.map((skill) => skillLevel(skill).name))].sort();
    this.sorts.set(taskId, this.sort({ kind, skills: names }));
  }

  private sort(given: TaskSort): TaskSort {
    const key = keyOf(given);
    let sort = this.shared.get(key);
    if (!sort) {
      if (this.shared.size > 2 * this.sorts.size + SHARED_MIN) this.shared.clear(); // Most of them belong to nothing any more.
      this.shared.set(key, (sort = given));
    }
    return sort;
  }

  sortOf(taskId: string): TaskSort {
    return this.sorts.get(taskId) ?? DEFAULT_SORT;
  }

  began(taskId: string, attempt: LiveAttempt): void {
    this.live.set(taskId, attempt);
  }

  /** @returns whose attempt is over. */
  over(taskId: string): string | undefined {
    const agentId = this.live.get(taskId)?.agentId;
    this.live.delete(taskId);
    return agentId;
  }

  reopened(taskId: string): void {
    this.ended.delete(taskId);
  }

  /** For good: nobody retries what has completed. */
  completed(taskId: string): void {
    this.sorts.delete(taskId);
    this.ended.delete(taskId);
    this.limited.delete(taskId);
  }

  endedWithoutSuccess(taskId: string): void {
    this.limited.delete(taskId);
    if (!this.sorts.has(taskId)) return;
    this.ended.delete(taskId);
    this.ended.add(taskId);
    for (const oldest of this.ended) {
      if (this.ended.size <= this.endedMax) break;
      this.completed(oldest);
    }
  }

  asked(approvalId: string, agentId: string): void {
    this.questions.set(approvalId, agentId);
  }

  /** @returns who had asked. */
  settled(approvalId: string): string | undefined {
    const agentId = this.questions.get(approvalId);
    this.questions.delete(approvalId);
    return agentId;
  }

  rateLimited(taskId: string, agentId: string): void {
    this.limited.set(taskId, agentId);
  }

  /** @returns whose rate limit the task waits for. */
  retryScheduled(taskId: string): string | undefined {
    const agentId = this.limited.get(taskId);
    this.limited.delete(taskId);
    return agentId;
  }

  /** Nothing of an agent that is not known any more is kept. */
  forgetAgent(agentId: string, { running, questions }: { readonly running: number; readonly questions: number }): void {
    this.throttled.delete(agentId);
    if (running > 0) for (const [taskId, attempt] of this.live) if (attempt.agentId === agentId) this.live.delete(taskId);
    if (questions > 0) for (const [approvalId, asker] of this.questions) if (asker === agentId) this.questions.delete(approvalId);
  }

  /** By agent: live attempts, and open questions. */
  counts(): ReadonlyMap<string, { running: number; questions: number }> {
    const counts = new Map<string, { running: number; questions: number }>();
    const of = (agentId: string): { running: number; questions: number } => {
      const known = counts.get(agentId) ?? { running: 0, questions: 0 };
      counts.set(agentId, known);
      return known;
    };
    for (const { agentId } of this.live.values()) of(agentId).running++;
    for (const agentId of this.questions.values()) of(agentId).questions++;
    return counts;
  }

  /** In the order in which they came about. */
  lists(): { readonly [Name in keyof LedgerLists]: Iterable<LedgerLists[Name]> } {
    const { sorts, ended, live, questions, limited, throttled } = this;
    return { sorts: encodeSorts(sorts), ended, live: encodeLive(live), questions, limited, throttled: throttled.all() };
  }

  /** Takes back what `lists` gave. */
  taker(): { readonly [Name in keyof LedgerLists]: (record: LedgerLists[Name]) => void } {
    return {
      sorts: ([taskId, kind, ...skills]) => this.sorts.set(taskId, this.sort({ kind, skills })),
      ended: (taskId) => this.ended.add(taskId),
      live: ([taskId, attempt, agentId]) => this.live.set(taskId, { attempt, agentId }),
      questions: ([approvalId, agentId]) => this.questions.set(approvalId, agentId),
      limited: ([taskId, agentId]) => this.limited.set(taskId, agentId),
      throttled: ([agentId, untilMs]) => this.throttled.set(agentId, untilMs),
    };
  }
}

function* encodeSorts(sorts: ReadonlyMap<string, TaskSort>): Iterable<LedgerLists['sorts']> {
  for (const [taskId, { kind, skills }] of sorts) yield [taskId, kind, ...skills];
}

function* encodeLive(live: ReadonlyMap<string, LiveAttempt>): Iterable<LedgerLists['live']> {
  for (const [taskId, { attempt, agentId }] of live) yield [taskId, attempt, agentId];
}

const keyOf = ({ kind, skills }: TaskSort): string => [kind, ...skills].join(' ');
