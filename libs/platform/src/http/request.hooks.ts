import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { ID_PATTERN } from '@torch/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type RequestContext, withRequestContext } from '../logging/request.context';
import { isTracing, startSpan, type TraceSpan } from '../telemetry/spans';
import { parseTraceparent } from '../telemetry/traceparent';

export const CORRELATION_HEADER = 'torch-correlation-id';
const DURABILITY_HEADER = 'torch-durability';

interface RequestWork {
  readonly context: RequestContext;
  readonly span?: TraceSpan;
  readonly startedAtMs: number;
}

/**
 * Gives every request its correlation id and, with telemetry, its span: the client's own where it sent them. Both are at
 * hand in all that the request leads to.
 */
export function addRequestHooks(fastify: FastifyInstance): void {
  const works = new WeakMap<FastifyRequest, RequestWork>();
  const logger = new Logger('request');
  const within = (request: FastifyRequest, go: () => void): void => {
    const work = works.get(request);
    if (!work) return go();
    withRequestContext(work.context, () => (work.span ? work.span.within(go) : go()));
  };
  fastify.addHook('onRequest', (request, reply, done) => {
    const work = beginWork(request);
    works.set(request, work);
    void reply.header(CORRELATION_HEADER, work.context.correlationId);
    within(request, done);
  });
  // A body comes in by events of the socket, which know nothing of the request: enter its context again.
  fastify.addHook('preValidation', (request, _reply, done) => within(request, done));
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    const durability = works.get(request)?.context.durability;
    if (durability !== undefined && reply.statusCode < 400) void reply.header(DURABILITY_HEADER, durability);
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const work = works.get(request);
    endSpan(work?.span, reply);
    within(request, () => tell(logger, request, reply, work));
    done();
  });
}

function beginWork(request: FastifyRequest): RequestWork {
  const asked = header(request, CORRELATION_HEADER);
  const correlationId = asked !== undefined && ID_PATTERN.test(asked) ? asked : randomUUID();
  const sent = header(request, 'traceparent');
  const context = { correlationId, ...(parseTraceparent(sent) && { traceparent: sent }) };
  const startedAtMs = performance.now();
  if (!isTracing()) return { context, startedAtMs };
  const route = request.routeOptions.url ?? 'unmatched';
  const attributes = {
    'http.request.method': request.method,
    'http.route': route,
    'url.path': request.url.split('?', 1)[0],
    'torch.correlation_id': correlationId,
  };
  return {
    context,
    startedAtMs,
    span: startSpan(`${request.method} ${route}`, { traceparent: context.traceparent, kind: 'server', attributes }),
  };
}

/** Heartbeats and polls come by the thousand: what went well is told only to those who look closely. */
function tell(logger: Logger, { method, url }: FastifyRequest, { statusCode }: FastifyReply, work: RequestWork | undefined): void {
  const level = statusCode >= 500 ? 'warn' : statusCode >= 400 ? 'log' : 'debug';
  const tookMs = work && Math.round(performance.now() - work.startedAtMs);
  logger[level]({ req: { method, url }, res: { statusCode }, tookMs, msg: `${method} ${url}: ${statusCode}` });
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

function endSpan(span: TraceSpan | undefined, { statusCode }: FastifyReply): void {
  if (!span) return;
  span.set('http.response.status_code', statusCode);
  if (statusCode >= 500) span.fail(`HTTP ${statusCode}`);
  span.end();
}
