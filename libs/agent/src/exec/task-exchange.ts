import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskInput } from '@torch/contracts';
import { UsageFile } from './usage-file';

/** Of the inputs as JSON, in the environment; larger ones go into a file. */
export const INPUTS_INLINE_BYTES_MAX = 16_384;

/** Through which an attempt's process gets its inputs, and says what it used and what came of it: a folder of its own. */
export class TaskExchange {
  readonly usage: UsageFile;
  readonly resultPath: string;

  /** For the process. */
  readonly environment: NodeJS.ProcessEnv;

  private constructor(
    private readonly folder: string,
    inputs: NodeJS.ProcessEnv,
  ) {
    const usagePath = join(folder, 'usage.jsonl');
    this.usage = new UsageFile(usagePath);
    this.resultPath = join(folder, 'result.json');
    this.environment = { ...inputs, TORCH_RESULT_FILE: this.resultPath, TORCH_USAGE_FILE: usagePath };
  }

  static async open(inputs: readonly TaskInput[] = []): Promise<TaskExchange> {
    const folder = await mkdtemp(join(tmpdir(), 'torch-task-')); // Its owner's alone.
    const text = JSON.stringify(inputs);
    if (Buffer.byteLength(text) <= INPUTS_INLINE_BYTES_MAX) return new TaskExchange(folder, { TORCH_INPUTS: text });
    const path = join(folder, 'inputs.json');
    await writeFile(path, text);
    return new TaskExchange(folder, { TORCH_INPUTS_FILE: path });
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
