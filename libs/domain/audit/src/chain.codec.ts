import type { ChainRecord } from './chain';

/** One line of NDJSON, without its end. */
export function encodeRecord({ seq, generation, previous, body, hash }: ChainRecord): string {
  return JSON.stringify({ seq, generation, previous, body, hash });
}

/** Undefined when the line is not a record with all of its fields. */
export function decodeRecord(line: string): ChainRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return isRecord(value) ? value : undefined;
}

function isRecord(value: unknown): value is ChainRecord {
  if (value === null || typeof value !== 'object') return false;
  const { seq, generation, previous, body, hash } = value as Partial<Record<keyof ChainRecord, unknown>>;
  return (
    Number.isSafeInteger(seq) &&
    Number.isSafeInteger(generation) &&
    typeof previous === 'string' &&
    typeof body === 'string' &&
    typeof hash === 'string'
  );
}
