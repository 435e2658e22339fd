import type { FastifyInstance, FastifyRequest } from 'fastify';

type Parsed = (error: Error | null, body?: unknown) => void;

/** What might set a prototype, however it is written. */
const SUSPECT = /__proto__|constructor|\\u00/i;

/**
 * Refuses what Fastify's own parser refuses; an empty body is none. That parser sets `Error.stackTraceLimit` twice for each body, and
 * every error class inherits it: with as many classes as a gateway has, that took a quarter of its time.
 */
export function jsonParser(fastify: Pick<FastifyInstance, 'getDefaultJsonParser'>) {
  const thorough = fastify.getDefaultJsonParser('error', 'error');
  return (request: unknown, body: Buffer, done: Parsed): void => {
    if (body.length === 0) return done(null, undefined);
    const text = body.toString();
    const parsed = SUSPECT.test(text) ? undefined : parsedPlainly(text);
    if (parsed) done(null, parsed.value);
    else void thorough(request as FastifyRequest, text, done);
  };
}

/** Undefined for what is not JSON: the thorough parser says so. */
function parsedPlainly(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
