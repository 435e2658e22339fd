import { Rejection } from '@torch/kernel';
import type { SeededRandom } from '@torch/testing';
import type { Gateway, Request } from '../services/gateway';
import type { Weather } from './link';
import type { SimulatedProcess } from './simulated-process';
import type { VirtualTime } from './virtual-time';

const ANSWER_MS_MAX = 8000;
const WAY_MS_MAX = 5;
const TRY_AGAIN_MS = { min: 200, max: 1500 };

interface EdgeParts {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly weather: Weather;
  readonly gateways: () => readonly Gateway[];
}

/** No answer, or one that says "later". */
export class NoAnswer extends Error {}

/** The network between agents or people and the gateways. */
export class Edge {
  constructor(private readonly parts: EdgeParts) {}

  /** Any gateway that serves. */
  choose(): Gateway | undefined {
    const gateways = this.parts.gateways();
    return gateways.length === 0 ? undefined : this.parts.random.pick(gateways);
  }

  /**
   * One request to one gateway.
   *
   * @throws Rejection when a rule said no; NoAnswer for everything that may be tried again.
   */
  request<T>(caller: SimulatedProcess, ask: (gateway: Gateway) => Promise<T>): Promise<T> {
    const { time, random, weather } = this.parts;
    const gateway = this.choose();
    const storm = weather('edge', caller);
    return new Promise((resolve, reject) => {
      const cancel = caller.after(ANSWER_MS_MAX, () => reject(new NoAnswer('No answer came in time.')));
      const answer = (settle: () => void): void => {
        if (storm?.isReplyLost) return;
        time.after(storm?.replyMs ?? random.int(0, WAY_MS_MAX), () =>
          caller.happen(() => {
            cancel();
            settle();
          }),
        );
      };
      if (!gateway) return answer(() => reject(new NoAnswer('No gateway is there.')));
      if (storm?.isRequestLost) return;
      time.after(storm?.requestMs ?? random.int(0, WAY_MS_MAX), () =>
        gateway.process.happen(() => {
          ask(gateway).then(
            (value) => answer(() => resolve(value)),
            (error: Error) => answer(() => reject(error instanceof Rejection ? error : new NoAnswer(error.message))),
          );
        }),
      );
    });
  }

  /** Sends a command again and again under its id, until it is answered or has been sent `triesMax` times. */
  async insist(caller: SimulatedProcess, request: Request, triesMax = Infinity): Promise<'accepted' | Rejection | 'unknown'> {
    for (let tries = 0; tries < triesMax; tries++) {
      try {
        await this.request(caller, (gateway) => gateway.command(request));
        return 'accepted';
      } catch (error) {
        if (error instanceof Rejection) return error;
        const pauseMs = this.parts.random.int(TRY_AGAIN_MS.min, TRY_AGAIN_MS.max);
        await new Promise<void>((over) => caller.after(pauseMs, over));
      }
    }
    return 'unknown';
  }
}
