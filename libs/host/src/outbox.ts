import type { HostClock } from './host.clock';

/** Requests for one owner that may travel in one message. */
const BATCH_MAX = 200;
const BATCH_BYTES_MAX = 512 * 1024;

interface Outgoing<Sent> {
  readonly sent: (by: Sent) => void;
  readonly text: string;
  readonly failed: (error: unknown) => void;
}

interface Lane<Sent> {
  readonly partition: number;
  readonly service: string;
  waiting: Outgoing<Sent>[];
}

/** Gathers what is sent to one owner within one round of the event loop, and sends it together. */
export class Outbox<Request, Sent> {
  private readonly lanes = new Map<string, Lane<Sent>>();
  private scheduled = false;

  constructor(
    private readonly clock: Pick<HostClock, 'soon'>,
    private readonly transmit: (partition: number, service: string, body: string) => Promise<Sent>,
  ) {}

  /** Resolves when the request has left, with what is the same for all that left together; rejects when it has not, or nobody knows. */
  send(partition: number, service: string, request: Request): Promise<Sent> {
    const key = `${partition}/${service}`;
    let lane = this.lanes.get(key);
    if (!lane) this.lanes.set(key, (lane = { partition, service, waiting: [] }));
    const { waiting } = lane;
    const text = JSON.stringify(request);
    const done = new Promise<Sent>((sent, failed) => waiting.push({ text, sent, failed }));
    if (!this.scheduled) {
      this.scheduled = true;
      this.clock.soon(() => this.flush());
    }
    return done;
  }

  private flush(): void {
    this.scheduled = false;
    for (const lane of this.lanes.values()) {
      const { waiting } = lane;
      lane.waiting = [];
      for (const batch of batches(waiting)) {
        this.transmit(lane.partition, lane.service, `[${batch.map(({ text }) => text).join(',')}]`).then(
          (by) => batch.forEach(({ sent }) => sent(by)),
          (error: unknown) => batch.forEach(({ failed }) => failed(error)),
        );
      }
    }
  }
}

function batches<Sent>(waiting: readonly Outgoing<Sent>[]): Outgoing<Sent>[][] {
  const all: Outgoing<Sent>[][] = [];
  let batch: Outgoing<Sent>[] = [];
  let bytes = 0;
  for (const outgoing of waiting) {
    if (batch.length > 0 && (batch.length >= BATCH_MAX || bytes + outgoing.text.length > BATCH_BYTES_MAX)) {
      all.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(outgoing);
    bytes += outgoing.text.length;
  }
  if (batch.length > 0) all.push(batch);
  return all;
}
