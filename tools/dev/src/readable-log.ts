import { lastLines } from './capped-log';

const LEVELS: Readonly<Record<number, string>> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };

/** The last lines of a process's log as a person reads them: JSON lines become level and message. */
export function readableTail(path: string, linesMax: number): string[] {
  return lastLines(path, linesMax).map(readable);
}

function readable(line: string): string {
  try {
    const { level, msg, err } = JSON.parse(line) as { level?: number | string; msg?: unknown; err?: { message?: unknown } };
    const message = [msg, err?.message]
      .filter((part, i, parts) => typeof part === 'string' && part !== '' && parts.indexOf(part) === i)
      .join(': ');
    return message ? `${LEVELS[Number(level)] ?? level ?? 'info'}: ${message}` : line;
  } catch {
    return line;
  }
}
