import { InvariantViolation } from '@torch/kernel';
import { type Fence, Fenced, GateShut, LogRegressed, LogUnavailable, parsePosition, QueueFull } from '@torch/log';

/** What was asked of the log server, to say so when it goes wrong. */
export interface Request {
  /** Such as "append to partition 3". */
  readonly what: string;
  readonly partition?: number;
  readonly service?: string;
  readonly fence?: Fence;
  readonly entriesMax?: number;
}

/**
 * Codes with which the server refuses a request without doing any of it, because of a state that passes or that an
 * operator can end: restarting, out of memory or disk, a replica, wrong credentials.
 */
const REFUSALS = /\b(LOADING|BUSY|OOM|MISCONF|READONLY|MASTERDOWN|CLUSTERDOWN|NOREPLICAS|TRYAGAIN|NOAUTH|WRONGPASS|NOPERM)\b|Out of memory/;

/** ioredis has not sent what it refuses with these. */
const NOT_SENT = /Stream isn't writeable/;

/**
 * The typed error for whatever ioredis rejected with.
 *
 * An error reply carries its code anywhere in its text: servers wrap what a script answers.
 */
export function typedError(error: unknown, request: Request): Error {
  const text = error instanceof Error ? error.message : String(error);
  const refusal = torchRefusal(text, request);
  if (refusal) return refusal;
  if (!isReply(error)) {
    const outcomeUnknown = !NOT_SENT.test(text);
    return new LogUnavailable(`The log server did not answer (${request.what}): ${text}`, outcomeUnknown, { cause: error });
  }
  if (REFUSALS.test(text)) return new LogUnavailable(`The log server refuses (${request.what}): ${text}`, false, { cause: error });
  return new InvariantViolation(`The log server answered an error that must not be (${request.what}): ${text}`);
}

function torchRefusal(text: string, { partition = -1, service = '', fence, entriesMax = 0 }: Request): Error | undefined {
  const [, code, detail = ''] = /\bTORCH_(FENCED|GATE_SHUT|REGRESSED|QUEUE_FULL|GUARDED)\b(?: ([\d-]+))?/.exec(text) ?? [];
  if (code === 'FENCED' && fence) return new Fenced(fence.partition, fence.service, fence.epoch);
  if (code === 'GATE_SHUT' && fence) return new GateShut(fence.partition);
  if (code === 'REGRESSED' && fence) return new LogRegressed(fence.partition, fence.seen, parsePosition(detail));
  if (code === 'QUEUE_FULL') return new QueueFull(partition, service, entriesMax);
  if (code === 'GUARDED') return new RangeError(`Partition ${partition} of the log cannot be trimmed that far: ${detail} is still needed.`);
  return undefined;
}

/** True for an error that the server itself answered; false for a lost connection or a time-out. */
function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}
