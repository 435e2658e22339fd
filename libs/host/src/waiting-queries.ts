import { fieldProblem, queryContract } from '@torch/contracts';
import { describeThrown, Rejection } from '@torch/kernel';
import type { Signals } from '@torch/log';
import type { QueryAnswer, QueryEnvelope } from './envelope';
import { type HostClock, nextRound } from './host.clock';
import type { HostConfig } from './host.config';
import type { HostLogger } from './host.ports';
import { QueryReplies } from './query-replies';

interface WaitingQuery {
  readonly query: QueryEnvelope;
  /** By the owner's clock, epoch ms. */
  readonly droppedAtMs: number;
}

export interface WaitingQueriesParts {
  readonly signals: Signals;
  readonly clock: Pick<HostClock, 'nowMs' | 'monotonicMs' | 'soon'>;
  readonly config: Pick<HostConfig, 'queriesWaitingMax' | 'queriesRunningMax' | 'turnSliceMs'>;
  readonly log: HostLogger;
  /** Called when there is something to answer, or room for it again. */
  readonly wake: () => void;
}

/**
 * Queries wait for the end of a turn, so that they see only what is in the log. What a handler does without waiting for the world it
 * does between two turns; whatever takes longer goes on beside the owner's loop, which does not wait for it.
 *
 * Bounded: beyond `queriesWaitingMax` in hand a query is refused, and beyond `queriesRunningMax` being answered it waits.
 */
export class WaitingQueries {
  private waiting: WaitingQuery[] = [];
  private running = 0;
  private isClosed = false;
  private readonly replies: QueryReplies;

  constructor(private readonly parts: WaitingQueriesParts) {
    this.replies = new QueryReplies(parts.signals, parts.clock, parts.log);
  }

  /** Takes in what came over the request lane: a JSON list of queries. */
  receive(body: string, nowMs: number): void {
    const { queriesWaitingMax } = this.parts.config;
    for (const query of JSON.parse(body) as QueryEnvelope[]) {
      const waiting = { query, droppedAtMs: nowMs + query.waitMs };
      if (this.size < queriesWaitingMax) this.waiting.push(waiting);
      else this.refuse(waiting);
    }
    this.parts.wake();
  }

  /** Waiting, being answered, or answered and not sent yet. */
  private get size(): number {
    return this.waiting.length + this.running + this.replies.size;
  }

  /** Refusals are bounded too: when as many again cannot be sent, the askers hear nothing, and their time runs out instead. */
  private refuse(waiting: WaitingQuery): void {
    const { queriesWaitingMax } = this.parts.config;
    if (this.replies.size >= 2 * queriesWaitingMax) return;
    this.reply(waiting, { ok: false, code: 'busy', message: `The owner has ${queriesWaitingMax} queries in hand.` });
  }

  /**
   * Answers what waits, for as long as a slice lasts and as far as there is room; the others wait behind the next turn, whose commands
   * have waited too.
   */
  async answerAll(nowMs: number, answer: (query: QueryEnvelope) => unknown): Promise<void> {
    const { clock, config } = this.parts;
    const endsAtMs = clock.monotonicMs() + config.turnSliceMs;
    this.waiting = this.waiting.filter(({ droppedAtMs }) => droppedAtMs > nowMs);
    while (this.due && clock.monotonicMs() < endsAtMs) {
      // Time for those that only seem to wait, as every handler of Nest's does: they are still between two turns.
      if (this.beginSome(answer, endsAtMs)) await nextRound(clock);
    }
  }

  /** As many as there is room and time for. @returns whether an answer is yet to come. */
  private beginSome(answer: (query: QueryEnvelope) => unknown, endsAtMs: number): boolean {
    let isYetToCome = false;
    let taken = 0;
    do isYetToCome = this.begin(this.waiting[taken++] as WaitingQuery, answer) || isYetToCome;
    while (taken < this.waiting.length && this.running < this.parts.config.queriesRunningMax && this.parts.clock.monotonicMs() < endsAtMs);
    this.waiting = this.waiting.slice(taken);
    return isYetToCome;
  }

  /** Some still wait to be looked at, and there is room for them. */
  get due(): boolean {
    return this.waiting.length > 0 && this.running < this.parts.config.queriesRunningMax;
  }

  /** The owner is it no more: what is being answered is not told to anybody, since it may not be so any longer. */
  close(): void {
    this.isClosed = true;
    this.waiting = [];
    this.replies.close();
  }

  /** @returns whether the answer is yet to come. */
  private begin(waiting: WaitingQuery, answer: (query: QueryEnvelope) => unknown): boolean {
    const { query } = waiting;
    try {
      const contract = queryContract(query.type);
      const problem = contract && fieldProblem(contract.data, query.data);
      if (problem) throw new Rejection('invalid-query', problem.message);
      const answered = answer(query);
      if (isPromise(answered)) {
        this.running++;
        void answered
          .then(
            (value) => this.reply(waiting, { ok: true, answer: value }),
            (error: unknown) => this.reply(waiting, this.failure(query, error)),
          )
          .finally(() => this.ended());
        return true;
      }
      this.reply(waiting, { ok: true, answer: answered });
    } catch (error) {
      this.reply(waiting, this.failure(query, error));
    }
    return false;
  }

  private ended(): void {
    this.running--;
    if (this.waiting.length > 0) this.parts.wake();
  }

  private reply({ query, droppedAtMs }: WaitingQuery, answer: Unaddressed<QueryAnswer>): void {
    this.replies.send({ replyTo: query.replyTo, answer: { id: query.id, ...answer }, droppedAtMs });
  }

  private failure({ type }: QueryEnvelope, error: unknown): Unaddressed<QueryAnswer> {
    if (error instanceof Rejection) return { ok: false, code: error.code, message: error.message };
    // A question changes nothing, so a bug in answering it need not end the owner's work.
    if (!this.isClosed) this.parts.log.error(`Query ${type} failed.`, { error: describeThrown(error) });
    return { ok: false, code: 'internal-error', message: `${type} could not be answered; the service's log says why.` };
  }
}

type Unaddressed<A> = A extends QueryAnswer ? Omit<A, 'id'> : never;

/** Not by its class: each realm has its own. */
const isPromise = (answer: unknown): answer is Promise<unknown> => typeof (answer as { then?: unknown } | undefined)?.then === 'function';
