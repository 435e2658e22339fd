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

  private constructor(
    private readonly folder: string,
    /** For the process. */
    readonly environment: NodeJS.ProcessEnv,
  ) {
    this.usage = new UsageFile(environment.TORCH_USAGE_FILE as string);
    this.resultPath = environment.TORCH_RESULT_FILE as string;
  }

  static async open(inputs: readonly TaskInput[] = []): Promise<TaskExchange> {
    const folder = await mkdtemp(join(tmpdir(), 'torch-task-')); // Its owner's alone.
    const text = JSON.stringify(inputs);
    const environment: NodeJS.ProcessEnv = {
      TORCH_RESULT_FILE: join(folder, 'result.json'),
      TORCH_USAGE_FILE: join(folder, 'usage.jsonl'),
    };
    if (Buffer.byteLength(text) <= INPUTS_INLINE_BYTES_MAX) environment.TORCH_INPUTS = text;
    else {
      environment.TORCH_INPUTS_FILE = join(folder, 'inputs.json');
      await writeFile(environment.TORCH_INPUTS_FILE, text);
    }
    return new TaskExchange(folder, environment);
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
