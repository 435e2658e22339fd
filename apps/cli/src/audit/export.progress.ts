import type { CliIo } from '../cli-io';

/** Between two updates of the line. */
const EVERY_MS = 100;
const CLEAR_LINE = '\r\u001b[2K';

/** How far an export has come: a line that changes, on a terminal only. */
export class ExportProgress {
  private shownAtMs = -Infinity;

  constructor(private readonly stderr: CliIo['stderr']) {}

  show(events: number, time: string | undefined): void {
    const nowMs = performance.now();
    if (!this.stderr.isTTY || nowMs - this.shownAtMs < EVERY_MS) return;
    this.shownAtMs = nowMs;
    this.stderr.write(`${CLEAR_LINE}${events} events${time === undefined ? '' : `, up to ${time}`} …`);
  }

  /** Makes room for what is written next. */
  end(): void {
    if (this.shownAtMs === -Infinity) return;
    this.shownAtMs = -Infinity;
    this.stderr.write(CLEAR_LINE);
  }
}
