import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PROBLEM_MEDIA_TYPE } from './problem';
import { answerWithProblem } from './problem.filter';
import { addRequestHooks } from './request.hooks';

/** Largest body of a request, unless its route says otherwise. A plan of 2,000 tasks fits. */
export const BODY_BYTES_MAX = 4 * 1024 * 1024;
/** Time for a request to come in whole; a stream of answers may last. */
export const REQUEST_MS_MAX = 30_000;

export interface FastifyLimits {
  /** Default 4 MiB; more is a 413. */
  readonly bodyBytesMax?: number;
  /** Default 30 s; a request that takes longer to come in is cut. */
  readonly requestMsMax?: number;
}

/** Fastify with Torch's limits, contexts and problem documents. Open connections end with the process at once. */
export function fastifyAdapter({ bodyBytesMax = BODY_BYTES_MAX, requestMsMax = REQUEST_MS_MAX }: FastifyLimits = {}): FastifyAdapter {
  const adapter = new FastifyAdapter({
    forceCloseConnections: true,
    bodyLimit: bodyBytesMax,
    requestTimeout: requestMsMax,
    routerOptions: { maxParamLength: 256 },
    // Addresses that no route sees, such as ones that cannot be decoded.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => void answerWithProblem(error, request, reply),
    clientErrorHandler: refuseBrokenHttp,
  });
  addRequestHooks(adapter.getInstance());
  return adapter;
}

/** What is not even HTTP, or comes too slowly. */
function refuseBrokenHttp(error: Error & { code?: string }, socket: import('node:net').Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, code] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? ['408 Request Timeout', 'request-timeout'] : ['400 Bad Request', 'bad-request'];
  const body = JSON.stringify({
    type: `urn:torch:problem:${code}`,
    title: status.slice(4),
    status: Number(status.slice(0, 3)),
    detail: `${status.slice(4)}.`,
    code,
  });
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: ${PROBLEM_MEDIA_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
