import { type BeforeApplicationShutdown, Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { refusal } from '../api/refusal';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { SseConnection } from './sse-connection.adapter';

interface OpenStream {
  ping?(): void;
  end(reason: string): void;
}

/** Every answer that stays open: counted, kept alive, and ended in order when the gateway stops. */
@Injectable()
export class OpenStreams implements OnModuleDestroy, BeforeApplicationShutdown {
  private readonly logger = new Logger(OpenStreams.name);
  private readonly streams = new Set<OpenStream>();
  private pinging: NodeJS.Timeout | undefined;
  private stopping = false;

  constructor(@Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig) {}

  /** @throws Refusal 405 for a HEAD request, 503 when the gateway has as many as it takes, or is about to stop. */
  sse(reply: FastifyReply, what: string): SseConnection {
    if (reply.request.method === 'HEAD') throw refusal(405, 'method-not-allowed', 'A stream has no end, and so no head to tell.');
    const connection = new SseConnection(reply, this.config.streamBufferBytesMax);
    const leave = this.join(connection);
    connection.onClose((reason) => {
      leave();
      this.logger.log(`The stream of ${what} has ended: ${reason}.`);
    });
    return connection;
  }

  /** @returns how to take the stream off the list. @throws as `sse`. */
  join(stream: OpenStream): () => void {
    if (this.stopping) throw refusal(503, 'unavailable', 'The gateway is about to stop.');
    if (this.streams.size >= this.config.streamsMax) {
      throw refusal(503, 'too-many-streams', `The gateway has ${this.config.streamsMax} streams open and takes no more.`);
    }
    this.streams.add(stream);
    this.pinging ??= setInterval(() => this.ping(), this.config.pingEveryMs);
    return () => {
      this.streams.delete(stream);
    };
  }

  get size(): number {
    return this.streams.size;
  }

  onModuleDestroy(): void {
    this.endAll();
  }

  beforeApplicationShutdown(): void {
    this.endAll();
  }

  private endAll(): void {
    this.stopping = true;
    clearInterval(this.pinging);
    for (const stream of [...this.streams]) stream.end('the gateway stops');
  }

  private ping(): void {
    for (const stream of [...this.streams]) stream.ping?.();
  }
}
