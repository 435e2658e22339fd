import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { FindEvents } from '@torch/contracts';
import type { FastifyReply } from 'fastify';
import { refusal } from '../api/refusal';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { type HistoryPage, HistorySearch } from './history-search.adapter';
import { OpenStreams } from './open-streams.adapter';

/** How many events an export had, and how many emptied commits it came across: known only at its end, and sent as trailers. */
const EVENTS_TRAILER = 'Torch-Events';
const PRUNED_TRAILER = 'Torch-Pruned';

/** Exports of a project's history as CloudEvents, one a line. A few at a time; none faster than its client reads. */
@Injectable()
export class HistoryExports {
  private running = 0;

  constructor(
    private readonly search: HistorySearch,
    private readonly streams: OpenStreams,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  /** @throws Refusal 405 for a HEAD request, 503 when as many are running as may; what the first page was refused with. */
  async send(reply: FastifyReply, project: string, question: FindEvents): Promise<void> {
    if (reply.request.method === 'HEAD') throw refusal(405, 'method-not-allowed', 'An export has no head to tell without its body.');
    if (this.running >= this.config.exportsMax) {
      throw refusal(503, 'too-many-exports', `The gateway makes ${this.running} exports already; try again when one of them is done.`);
    }
    const leave = this.streams.join({ end: () => reply.raw.destroy() });
    this.running++;
    const done = (): void => {
      leave();
      this.running--;
    };
    const pages = this.search.pages(project, question);
    const first = await pages.next().catch((error: unknown) => {
      done();
      throw error;
    });
    const lines = this.lines({ first, pages, reply });
    const body = Readable.from(lines, { objectMode: false, highWaterMark: this.config.streamPauseBytes });
    body.once('close', done);
    await reply
      .headers({
        'content-type': 'application/x-ndjson; charset=utf-8',
        trailer: `${EVENTS_TRAILER}, ${PRUNED_TRAILER}`,
      })
      .send(body);
  }

  private async *lines({ first, pages, reply }: Export): AsyncGenerator<string, void, void> {
    const sum = { events: 0, pruned: 0 };
    for (let { value, done } = first; !done; { value, done } = await pages.next()) {
      const { events, pruned } = value as HistoryPage;
      sum.events += events.length;
      sum.pruned += pruned;
      if (events.length === 0) continue;
      // A client that takes nothing for so long is cut off: its place is for others.
      const stalled = setTimeout(() => reply.raw.destroy(), this.config.streamStallMs);
      try {
        yield events.map((event) => `${JSON.stringify(event)}\n`).join('');
      } finally {
        clearTimeout(stalled);
      }
    }
    reply.raw.addTrailers({ [EVENTS_TRAILER]: String(sum.events), [PRUNED_TRAILER]: String(sum.pruned) });
  }
}

interface Export {
  readonly first: IteratorResult<HistoryPage, void>;
  readonly pages: AsyncGenerator<HistoryPage, void, void>;
  readonly reply: FastifyReply;
}
