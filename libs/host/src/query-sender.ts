import { LogUnavailable, requestsChannel, type Signals } from '@torch/log';
import type { QueryEnvelope } from './envelope';
import { type BackOff, backOffMs, type HostClock } from './host.clock';
import { Outbox } from './outbox';
import type { Asker } from './waiting-askers';

interface QuerySenderParts {
  readonly signals: Signals;
  readonly clock: HostClock;
  /** Of what somebody heard and has not answered. */
  readonly resends: BackOff;
  /** Of what nobody heard: no owner is there yet, or the partition is changing hands. */
  readonly retries: BackOff;
}

/** Asks owners, and asks them again when their answers do not come. */
export class QuerySender {
  private readonly outbox: Outbox<QueryEnvelope, number>;

  constructor(private readonly parts: QuerySenderParts) {
    const { signals, clock } = parts;
    this.outbox = new Outbox(clock, (partition, service, body) => signals.publish(requestsChannel(partition, service), body));
  }

  /** Sends until the asker is over. What cannot pass fails the asker. */
  async send(partition: number, service: string, query: QueryEnvelope, asker: Asker): Promise<void> {
    const { clock, resends, retries } = this.parts;
    for (let heard = 0, unheard = 0; !asker.over;) {
      let listeners = 0;
      try {
        listeners = await this.outbox.send(partition, service, query);
      } catch (error) {
        if (!(error instanceof LogUnavailable && error.outcomeUnknown)) return asker.fail(error);
        asker.trouble = error;
      }
      if (asker.over) return;
      await asker.pause(clock, listeners > 0 ? backOffMs(clock, heard++, resends) : backOffMs(clock, unheard++, retries));
    }
  }
}
