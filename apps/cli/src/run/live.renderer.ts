import type { CliIo } from '../cli-io';
import { duration } from '../text/format';
import { countsText, keyWidthOf, stepText } from './run.lines';
import type { RunProgress, TaskStep, WatchedTask } from './run.progress';
import type { RunRenderer } from './run.renderer';

const REDRAW_EVERY_MS = 100;
/** Running tasks shown at a time; the others are counted. */
export const TASKS_SHOWN_MAX = 12;
const COLUMNS_DEFAULT = 80;
const ROWS_DEFAULT = 24;
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const ESC = '\u001b[';
const HIDE_CURSOR = `${ESC}?25l`;
const SHOW_CURSOR = `${ESC}?25h`;

const MARKS: Readonly<Partial<Record<TaskStep['what'], { readonly mark: string; readonly colour: number }>>> = {
  completed: { mark: '✓', colour: 32 },
  failed: { mark: '✗', colour: 31 },
  'dead-lettered': { mark: '✗', colour: 31 },
  'attempt-failed': { mark: '!', colour: 33 },
  retry: { mark: '↻', colour: 33 },
  cancelled: { mark: '-', colour: 33 },
  skipped: { mark: '-', colour: 33 },
  asks: { mark: '?', colour: 35 },
};

/** What has ended scrolls up and stays; what runs is redrawn in place below it, with a line of counts at the end. */
export class LiveRenderer implements RunRenderer {
  private readonly keyWidth: number;
  private readonly timer: NodeJS.Timeout;
  private drawnLines = 0;
  private frame = 0;
  private connected = true;

  constructor(
    private readonly stream: CliIo['stdout'],
    private readonly progress: RunProgress,
    private readonly options: { readonly colours: boolean },
  ) {
    this.keyWidth = keyWidthOf(progress);
    this.stream.write(HIDE_CURSOR);
    this.timer = setInterval(() => {
      this.frame++;
      this.draw([]);
    }, REDRAW_EVERY_MS);
    this.draw([]);
  }

  step(step: TaskStep): void {
    const { mark, colour } = MARKS[step.what] ?? {};
    if (mark === undefined || colour === undefined) return;
    this.draw([`${this.coloured(mark, colour)} ${this.fitted(stepText(step, this.keyWidth), 2)}`]);
  }

  connection(connected: boolean): void {
    this.connected = connected;
  }

  close(): void {
    clearInterval(this.timer);
    this.stream.write(`${this.erasing()}${SHOW_CURSOR}`);
    this.drawnLines = 0;
  }

  private draw(permanent: readonly string[]): void {
    const live = this.liveLines();
    this.stream.write([this.erasing(), ...[...permanent, ...live].map((line) => `${line}\n`)].join(''));
    this.drawnLines = live.length;
  }

  private erasing(): string {
    return this.drawnLines > 0 ? `${ESC}${this.drawnLines}A\r${ESC}0J` : '';
  }

  private liveLines(): string[] {
    const running = [...this.progress.tasks.values()].filter(({ status }) => status === 'assigned' || status === 'running');
    const room = Math.max(1, Math.min(TASKS_SHOWN_MAX, (this.stream.rows ?? ROWS_DEFAULT) - 4));
    const hidden = running.length - room;
    const spinner = SPINNER[this.frame % SPINNER.length] ?? '';
    const shown = running.slice(0, room).map((task) => `${this.coloured(spinner, 36)} ${this.fitted(this.runningText(task), 2)}`);
    const elapsed = duration(this.progress.nowMs() - this.progress.startedAtMs);
    const away = this.connected ? '' : '  (the gateway is away; trying again)';
    return [...shown, ...(hidden > 0 ? [`  … and ${hidden} more`] : []), this.fitted(`${countsText(this.progress)}  ${elapsed}${away}`, 0)];
  }

  private runningText({ key, status, sinceMs, agentId, percent, note }: WatchedTask): string {
    const state = status === 'running' ? duration(this.progress.nowMs() - sinceMs) : 'starting';
    const said = [percent === undefined ? '' : `${percent} %`, note ?? ''].filter(Boolean).join(' ');
    return `${key.padEnd(this.keyWidth)}  ${state.padEnd(9)}  ${agentId ?? ''}${said ? `  ${said}` : ''}`;
  }

  private fitted(text: string, indent: number): string {
    const columns = this.stream.columns ?? COLUMNS_DEFAULT;
    return text.length + indent < columns ? text : `${text.slice(0, Math.max(0, columns - indent - 2))}…`;
  }

  private coloured(text: string, colour: number): string {
    return this.options.colours ? `${ESC}${colour}m${text}${ESC}0m` : text;
  }
}
