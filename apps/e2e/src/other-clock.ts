import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** NODE_OPTIONS under which the clock of a process, and of those that it starts, is off by so many milliseconds. */
export function otherClock(dir: string, shiftMs: number): string {
  const path = join(dir, 'clock.cjs');
  writeFileSync(
    path,
    `const now = Date.now.bind(Date);
globalThis.Date = class extends Date {
  constructor(...args) { args.length === 0 ? super(now() + ${shiftMs}) : super(...args); }
  static now() { return now() + ${shiftMs}; }
};`,
  );
  return `--require ${path}`;
}
