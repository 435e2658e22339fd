import { redactText } from '@torch/contracts';
import type { Params } from 'nestjs-pino';
import type { DestinationStream } from 'pino';
import { currentTrace } from '../telemetry/spans';
import { parseTraceparent } from '../telemetry/traceparent';
import type { LogLevel } from '../torch.config';
import { requestContext } from './request.context';

/** Never in a log line, wherever an object with headers is logged. */
const REDACTED = ['authorization', 'cookie', '["set-cookie"]', '["proxy-authorization"]'].flatMap((header) => {
  const at = header.startsWith('[') ? header : `.${header}`;
  return [`req.headers${at}`, `res.headers${at}`, `headers${at}`, `*.headers${at}`];
});

/**
 * pino as Torch uses it: a JSON object a line on stdout, with the correlation id and the trace of the work at hand.
 *
 * @param destination for tests; default stdout
 */
export function loggingParams(service: string, level: LogLevel, destination?: DestinationStream): Params {
  const options = {
    level,
    base: { service, pid: process.pid },
    redact: { paths: [...REDACTED, 'token', '*.token', 'secret', '*.secret'], censor: '[redacted]' },
    hooks: { streamWrite: redactText }, // Paths, messages and stacks hold what callers sent.
    mixin: workAtHand,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  };
  // Requests are told of by `addRequestHooks`, which has their context at hand anyway.
  return { pinoHttp: destination ? [options, destination] : options, forRoutes: [] };
}

/** Ids of the request and the span that a line belongs to. */
function workAtHand(): object {
  const { correlationId, traceparent } = requestContext() ?? {};
  const trace = currentTrace() ?? parseTraceparent(traceparent);
  return { ...(correlationId && { correlationId }), ...(trace && { traceId: trace.traceId, spanId: trace.spanId }) };
}
