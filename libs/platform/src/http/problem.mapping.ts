import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { DeadlineExceeded, NotDurable } from '@torch/host';
import { Rejection } from '@torch/kernel';
import { EntryTooLarge, Fenced, LogRegressed, LogUnavailable, QueueFull } from '@torch/log';
import { Forbidden, Unauthorized } from '../auth/auth.errors';
import type { Problem, ProblemAnswer } from './problem';
import { NotFound, RequestInvalid } from './request.errors';

/** Whole seconds after which a client may try again what could not be done just now. */
export const RETRY_AFTER_S = 1;

/** Rejections whose status does not follow from how their code is built. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  forbidden: 403,
  busy: 503,
  // For now: somebody has to look, and the same request may be sent again.
  'project-quarantined': 503,
  internal: 500,
  'invalid-command': 400,
  'invalid-query': 400,
  'under-legal-hold': 409,
  // Whoever asks is known, and is not the one to say so.
  'not-asked': 403,
  'not-yours': 403,
  'not-a-party': 403,
  'conflict-escalated': 403,
  // The body names it, not the path.
  'unknown-dependency': 422,
  'unknown-affinity': 422,
  'unknown-semaphore': 422,
  'unknown-time-zone': 422,
  'unknown-option': 422,
  // Final for that submission, and recorded as its answer; logs of before hold it as `queue-full`, which 409 below is for.
  'open-tasks-limit': 409,
  // Written on a version that is not there, or not yet.
  'unknown-context-version': 409,
  'context-text-gone': 410,
};

/** The state is in the way: it exists already, is over, or not there yet. */
const CONFLICT_CODE =
  /^stale-|-(exists|already|ended|ending|over|completed|deregistered|dead-lettered|expired|retired|quarantined|taken|full|held|open|answered|withdrawn|resolved|started|stopped)$/;

/** Codes for what Nest and Fastify refuse by themselves. */
const CODE_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'bad-request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  408: 'request-timeout',
  409: 'conflict',
  410: 'gone',
  413: 'body-too-large',
  414: 'address-too-long',
  415: 'unsupported-media-type',
  422: 'unprocessable',
  428: 'precondition-required',
  429: 'too-many-requests',
  503: 'unavailable',
};

interface Finding {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: Problem['errors'];
}

/** The one place that says what an error is to somebody outside. Nothing of a bug's message or stack gets out. */
export function problemAnswerOf(error: unknown, instance?: string): ProblemAnswer {
  const found = ofTorch(error) ??
    ofHttp(error) ?? { status: 500, code: 'internal', detail: 'Something went wrong inside Torch; its log says what.' };
  const { status, code, detail, errors } = found;
  const problem: Problem = {
    type: `urn:torch:problem:${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    code,
    ...(instance !== undefined && { instance }),
    ...(errors && { errors }),
  };
  return { problem, headers: headersFor(status), unexpected: status === 500 };
}

/** The status of a rejection, by its code: `unknown-*` 404, `*-too-large` 413, what the state is in the way of 409, others 422. */
export function statusOfRejection(code: string): number {
  const status = STATUS_BY_CODE[code];
  if (status !== undefined) return status;
  if (code.startsWith('unknown-')) return 404;
  if (/(^|-)too-large$/.test(code)) return 413;
  return CONFLICT_CODE.test(code) ? 409 : 422;
}

function ofTorch(error: unknown): Finding | undefined {
  if (error instanceof Rejection) return { status: statusOfRejection(error.code), code: error.code, detail: error.message };
  if (error instanceof RequestInvalid) return { status: 400, code: 'invalid-request', detail: error.message, errors: error.problems };
  if (error instanceof NotFound) return { status: 404, code: error.code, detail: error.message };
  if (error instanceof Unauthorized) return { status: 401, code: 'unauthorized', detail: error.message };
  if (error instanceof Forbidden) return { status: 403, code: 'forbidden', detail: error.message };
  if (error instanceof EntryTooLarge) return { status: 413, code: 'entry-too-large', detail: error.message };
  if (error instanceof NotDurable) return { status: 503, code: `not-${error.durability}`, detail: error.message };
  if (error instanceof QueueFull) return { status: 503, code: 'command-queue-full', detail: error.message };
  if (error instanceof DeadlineExceeded)
    return {
      status: 503,
      code: 'deadline-exceeded',
      detail: `${error.message} It may still take effect: send it again under the same idempotency key.`,
    };
  if (error instanceof LogUnavailable || error instanceof LogRegressed || error instanceof Fenced) {
    return {
      status: 503,
      code: 'log-unavailable',
      detail: 'The log cannot be reached just now. Nothing that was accepted is lost; try again.',
    };
  }
  return undefined;
}

/** What Nest throws, and what Fastify does before Nest sees the request. */
function ofHttp(error: unknown): Finding | undefined {
  const status = error instanceof HttpException ? error.getStatus() : fastifyStatus(error);
  if (status === undefined || (status >= 500 && status !== 503)) return undefined;
  const code = CODE_BY_STATUS[status] ?? 'bad-request';
  return { status, code, detail: sentence(detailOf(error as Error)) };
}

function fastifyStatus(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { statusCode, code } = error as Error & { statusCode?: unknown; code?: unknown };
  const fromFastify =
    error.name === 'FastifyError' || (typeof code === 'string' && code.startsWith('FST_')) || error instanceof SyntaxError;
  return fromFastify && typeof statusCode === 'number' && statusCode >= 400 ? statusCode : undefined;
}

function detailOf(error: Error): string {
  if (!(error instanceof HttpException)) return error.message;
  const response = error.getResponse();
  const message = typeof response === 'string' ? response : (response as { message?: string | string[] }).message;
  return (Array.isArray(message) ? message.join('. ') : message) ?? error.message;
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

function headersFor(status: number): Record<string, string> {
  if (status === 503) return { 'retry-after': String(RETRY_AFTER_S) };
  return status === 401 ? { 'www-authenticate': 'Bearer realm="torch"' } : {};
}
