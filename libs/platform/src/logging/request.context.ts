import { AsyncLocalStorage } from 'node:async_hooks';

/** What every log line of one request carries, however deep in the code it is written. */
export interface RequestContext {
  readonly correlationId: string;
  /** As the client sent it; passed on even where this process makes no spans. */
  readonly traceparent?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

export const withRequestContext = <T>(context: RequestContext, work: () => T): T => storage.run(context, work);

export const requestContext = (): RequestContext | undefined => storage.getStore();
