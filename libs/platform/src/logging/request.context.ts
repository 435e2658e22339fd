import { AsyncLocalStorage } from 'node:async_hooks';
import { DURABILITIES, type Durability } from '@torch/contracts';

/** What every log line of one request carries, however deep in the code it is written. */
export interface RequestContext {
  readonly correlationId: string;
  /** As the client sent it; passed on even where this process makes no spans. */
  readonly traceparent?: string;
  /** The least of what the request's acknowledgements promise, so far. */
  durability?: Durability;
}

const storage = new AsyncLocalStorage<RequestContext>();

export const withRequestContext = <T>(context: RequestContext, work: () => T): T => storage.run(context, work);

export const requestContext = (): RequestContext | undefined => storage.getStore();

/** An acknowledgement that the request at hand has got. */
export function noteDurability(durability: Durability): void {
  const context = requestContext();
  if (!context) return;
  const least = Math.min(...[durability, context.durability ?? durability].map((level) => DURABILITIES.indexOf(level)));
  context.durability = DURABILITIES[least];
}
