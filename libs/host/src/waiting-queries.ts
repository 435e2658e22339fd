import { fieldProblem, queryContract } from '@torch/contracts';
import { describeThrown, Rejection } from '@torch/kernel';
import type { Signals } from '@torch/log';
import type { QueryAnswer, QueryEnvelope } from './envelope';
import type { HostLogger } from './host.ports';
import { publishAnswers } from './replies';

interface WaitingQuery {
  readonly query: QueryEnvelope;
  /** By the owner's clock, epoch ms. */
  readonly droppedAtMs: number;
}

/** Queries that wait for the end of a turn, so that they see only what is in the log. Bounded: beyond that they are refused. */
export class WaitingQueries {
  private waiting: WaitingQuery[] = [];

  constructor(
    private readonly signals: Signals,
    private readonly queriesMax: number,
    private readonly wake: () => void,
    private readonly log: HostLogger,
  ) {}

  /** Takes in what came over the request lane: a JSON list of queries. */
  receive(body: string, nowMs: number): void {
    const queries = JSON.parse(body) as QueryEnvelope[];
    const room = Math.max(0, this.queriesMax - this.waiting.length);
    this.waiting.push(...queries.slice(0, room).map((query) => ({ query, droppedAtMs: nowMs + query.waitMs })));
    const refused = queries.slice(room).map((query) => ({
      replyTo: query.replyTo,
      answer: { id: query.id, ok: false, code: 'busy', message: `The owner has ${this.queriesMax} queries waiting.` } as const,
    }));
    if (refused.length > 0) void publishAnswers(this.signals, [], refused).catch(() => undefined); // They time out instead.
    this.wake();
  }

  get size(): number {
    return this.waiting.length;
  }

  async answerAll(nowMs: number, answer: (query: QueryEnvelope) => unknown): Promise<void> {
    const queries = this.waiting.filter(({ droppedAtMs }) => droppedAtMs > nowMs).map(({ query }) => query);
    this.waiting = [];
    if (queries.length === 0) return;
    const answers = await Promise.all(
      queries.map(async (query) => ({ replyTo: query.replyTo, answer: await this.answerOf(query, answer) })),
    );
    await publishAnswers(this.signals, [], answers);
  }

  private async answerOf(query: QueryEnvelope, answer: (query: QueryEnvelope) => unknown): Promise<QueryAnswer> {
    try {
      const contract = queryContract(query.type);
      const problem = contract && fieldProblem(contract.data, query.data);
      if (problem) throw new Rejection('invalid-query', problem.message);
      return { id: query.id, ok: true, answer: await answer(query) };
    } catch (error) {
      if (error instanceof Rejection) return { id: query.id, ok: false, code: error.code, message: error.message };
      // A question changes nothing, so a bug in answering it need not end the owner's work.
      this.log.error(`Query ${query.type} failed.`, { error: describeThrown(error) });
      return {
        id: query.id,
        ok: false,
        code: 'internal-error',
        message: `${query.type} could not be answered; the service's log says why.`,
      };
    }
  }
}
