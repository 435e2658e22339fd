import { lstat, readFile } from 'node:fs/promises';
import { FAILURE_CLASSES, type FailureClass, RESULT_BYTES_MAX } from '@torch/contracts';

/** White space included; nothing larger is read. */
const FILE_BYTES_MAX = 1024 * 1024;
const REFERENCE_CHARS_MAX = 2000;
const OWN_MESSAGE_CHARS_MAX = 1000;
const TOO_LARGE = 'keep it elsewhere, and write where it is as a JSON string';

/** What a successful process has left. `problem`: it cannot be taken, and why. */
export interface ResultRead {
  readonly result?: object;
  readonly resultRef?: string;
  readonly problem?: { readonly class: 'retryable' | 'permanent'; readonly message: string };
}

/** What a failed process has left to say. */
export interface FailureRead {
  readonly class?: FailureClass;
  readonly message?: string;
  /** Epoch ms. */
  readonly retryAtMs?: number;
}

/**
 * The result that is handed to the tasks that depend on this one: a JSON object, or a JSON string that says where it is.
 * Without a file, or with an empty one, there is none.
 */
export async function readResult(path: string): Promise<ResultRead> {
  const read = await readJson(path);
  if (read.kind === 'none') return {};
  if (read.kind === 'broken') return problem('retryable', `The result in TORCH_RESULT_FILE ${read.why}.`);
  if (read.kind === 'large') return tooLarge(read.bytes);
  const { value } = read;
  if (typeof value === 'string') {
    if (value.length > 0 && value.length <= REFERENCE_CHARS_MAX) return { resultRef: value };
    return problem(
      'permanent',
      `The reference in TORCH_RESULT_FILE has ${value.length} characters, and must have 1 to ${REFERENCE_CHARS_MAX}.`,
    );
  }
  if (!isObject(value)) {
    const what = Array.isArray(value) ? 'a list' : String(value);
    return problem('permanent', `The result in TORCH_RESULT_FILE is ${what}: it must be an object, or a string that says where it is.`);
  }
  const bytes = Buffer.byteLength(JSON.stringify(value));
  return bytes > RESULT_BYTES_MAX ? tooLarge(bytes) : { result: value };
}

/** Lenient: what is not understood is left out, since the process has failed anyhow. */
export async function readFailure(path: string, nowMs: number): Promise<FailureRead> {
  const read = await readJson(path);
  if (read.kind !== 'value' || !isObject(read.value)) return {};
  const { class: failureClass, message, retryAtMs, retryAfterMs } = read.value as Record<string, unknown>;
  const atMs = isTime(retryAtMs) ? retryAtMs : isTime(retryAfterMs) ? nowMs + retryAfterMs : undefined;
  return {
    ...(isFailureClass(failureClass) && { class: failureClass }),
    ...(typeof message === 'string' && message !== '' && { message: message.slice(0, OWN_MESSAGE_CHARS_MAX) }),
    ...(atMs !== undefined && { retryAtMs: Math.ceil(atMs) }),
  };
}

type JsonRead =
  | { readonly kind: 'none' }
  | { readonly kind: 'broken'; readonly why: string }
  | { readonly kind: 'large'; readonly bytes: number }
  | { readonly kind: 'value'; readonly value: unknown };

async function readJson(path: string): Promise<JsonRead> {
  const found = await lstat(path).catch(() => undefined);
  if (!found) return { kind: 'none' };
  if (!found.isFile()) return { kind: 'broken', why: 'is not a file' };
  if (found.size > FILE_BYTES_MAX) return { kind: 'large', bytes: found.size };
  try {
    const text = await readFile(path, 'utf8');
    return text.trim() === '' ? { kind: 'none' } : { kind: 'value', value: JSON.parse(text) as unknown };
  } catch (error) {
    return { kind: 'broken', why: error instanceof SyntaxError ? 'is not JSON' : `cannot be read: ${(error as Error).message}` };
  }
}

const tooLarge = (bytes: number): ResultRead =>
  problem('permanent', `The result in TORCH_RESULT_FILE takes ${bytes} bytes as JSON, of ${RESULT_BYTES_MAX} at most: ${TOO_LARGE}.`);

const problem = (failureClass: 'retryable' | 'permanent', message: string): ResultRead => ({ problem: { class: failureClass, message } });

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);

const isFailureClass = (value: unknown): value is FailureClass => (FAILURE_CLASSES as readonly unknown[]).includes(value);

const isTime = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER / 2;
