import { textBytes } from './text-bytes';

/** Bytes of `value` as JSON in UTF-8: what it takes in the log. */
export const jsonBytes = (value: unknown): number => textBytes(JSON.stringify(value) ?? '');
