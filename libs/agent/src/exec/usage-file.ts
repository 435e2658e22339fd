import { open } from 'node:fs/promises';
import { fieldProblem, Usage } from '@torch/contracts';

/** Only the file's end is read: what it says is cumulative. */
const TAIL_BYTES = 64 * 1024;
/** Between two looks at the file while the process runs, ms. */
const LOOK_EVERY_MS = 200;

/**
 * What a process says that it has used: lines of JSON, each with everything since the attempt began. Of each field the last
 * word counts. The file may be appended to or written anew.
 */
export class UsageFile {
  private seen = '';
  private known?: Usage;
  private timer?: NodeJS.Timeout;
  private looking?: Promise<void>;
  private misfits: readonly string[] = [];

  constructor(private readonly path: string) {}

  /** Tells of news until `finish`. */
  follow(onNews: (usage: Usage) => void): void {
    this.timer = setInterval(() => {
      this.looking ??= this.look(onNews).finally(() => (this.looking = undefined));
    }, LOOK_EVERY_MS).unref();
  }

  /** The last word, and a sentence when there were lines that are not usage. To be called once the process is gone. */
  async finish(): Promise<{ usage?: Usage; complaint?: string }> {
    clearInterval(this.timer);
    await this.looking;
    this.seen = '';
    await this.look(() => undefined);
    const [first] = this.misfits;
    const complaint = first && `${this.misfits.length} line(s) of TORCH_USAGE_FILE were not understood; the first: ${first}`;
    return { ...(this.known && { usage: this.known }), ...(complaint && { complaint }) };
  }

  private async look(onNews: (usage: Usage) => void): Promise<void> {
    const text = await this.changedText();
    if (text === undefined) return;
    const before = JSON.stringify(this.known);
    this.take(text);
    if (this.known && JSON.stringify(this.known) !== before) onNews(this.known);
  }

  private async changedText(): Promise<string | undefined> {
    const file = await open(this.path, 'r').catch(() => undefined);
    if (!file) return undefined;
    try {
      const { size, mtimeMs } = await file.stat();
      if (this.seen === `${size} ${mtimeMs}`) return undefined;
      this.seen = `${size} ${mtimeMs}`;
      const start = Math.max(0, size - TAIL_BYTES);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
      const text = buffer.toString('utf8', 0, bytesRead);
      return start === 0 ? text : text.slice(text.indexOf('\n') + 1);
    } finally {
      await file.close();
    }
  }

  /** The last line may still be on its way: it counts as soon as it is whole. */
  private take(text: string): void {
    const misfits: string[] = [];
    for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
      const value = parsed(line);
      const problem = value === undefined ? 'It is not JSON.' : fieldProblem(Usage, value)?.message;
      if (problem === undefined) this.known = { ...this.known, ...(value as Usage) };
      else misfits.push(`${line.slice(0, 200)} (${problem})`);
    }
    this.misfits = misfits;
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
