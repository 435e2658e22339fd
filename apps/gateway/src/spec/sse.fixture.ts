import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { FixtureRequest, GatewayFixture } from './gateway.fixture';

/** A client of a stream: everything that came, and whether it has ended. */
export class SseReader {
  readonly events: EventSourceMessage[] = [];
  comments = 0;
  ended = false;

  private constructor(
    readonly response: Response,
    private readonly abort: AbortController,
  ) {}

  static async open(gateway: GatewayFixture, path: string, init: FixtureRequest = {}): Promise<SseReader> {
    const abort = new AbortController();
    const response = await gateway.fetch(path, { ...init, signal: abort.signal });
    const reader = new SseReader(response, abort);
    if (response.ok) void reader.read();
    return reader;
  }

  /** Data of the events of one type, in the order in which they came. */
  data<T = Record<string, unknown>>(type: string): T[] {
    return this.events.filter(({ event }) => event === type).map(({ data }) => JSON.parse(data) as T);
  }

  close(): void {
    this.abort.abort();
  }

  private async read(): Promise<void> {
    const parser = createParser({ onEvent: (event) => this.events.push(event), onComment: () => this.comments++ });
    const decoder = new TextDecoder();
    try {
      for await (const chunk of this.response.body as unknown as AsyncIterable<Uint8Array>)
        parser.feed(decoder.decode(chunk, { stream: true }));
    } catch {
      // Closed from this side, or cut off from the other.
    }
    this.ended = true;
  }
}
