import type { VerifyProgress } from '@torch/archive';
import type { CliIo } from '../cli-io';

const LINE_EVERY_MS = 100;
const PLAIN_EVERY_MS = 5000;
const CLEAR_LINE = '\r\u001b[2K';

/** How far a check has come: a line that changes on a terminal, now and then a plain one elsewhere. */
export class VerifyProgressLine {
  private shownAtMs = performance.now();
  private isOnScreen = false;

  constructor(private readonly stderr: CliIo['stderr']) {}

  show({ partition, records, events, bytesRead, bytesInAll }: VerifyProgress): void {
    const { isTTY } = this.stderr;
    const nowMs = performance.now();
    if (nowMs - this.shownAtMs < (isTTY ? LINE_EVERY_MS : PLAIN_EVERY_MS)) return;
    this.shownAtMs = nowMs;
    this.isOnScreen = isTTY === true;
    const percent = bytesInAll === 0 ? 100 : Math.min(100, Math.floor((100 * bytesRead) / bytesInAll));
    const text = `${percent} %: ${records} records with ${events} events are sound, up to partition ${partition} …`;
    this.stderr.write(isTTY ? `${CLEAR_LINE}${text}` : `${text}\n`);
  }

  /** Makes room for what is written next. */
  end(): void {
    if (this.isOnScreen) this.stderr.write(CLEAR_LINE);
    this.isOnScreen = false;
  }
}
