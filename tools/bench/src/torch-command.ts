import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A whole Torch with data of its own, by the built command, as its users start it. */
export class TorchCommand {
  private constructor(private readonly data: string) {}

  static async create(): Promise<TorchCommand> {
    return new TorchCommand(join(await mkdtemp(join(tmpdir(), 'torch-bench-')), 'data'));
  }

  /** Gives the time until everything is ready, ms. */
  async up(): Promise<number> {
    const startedAt = performance.now();
    await this.torch('up', '--detach', '--port', '0');
    return performance.now() - startedAt;
  }

  async down(): Promise<void> {
    await this.torch('down');
  }

  async remove(): Promise<void> {
    await rm(resolve(this.data, '..'), { recursive: true, force: true });
  }

  /** `logUrl` is the log server as the gateway reaches it. */
  async address(): Promise<{ readonly url: string; readonly logUrl: string; readonly token: string }> {
    const { url, services } = JSON.parse(await readFile(join(this.data, 'torch.json'), 'utf8')) as {
      url: string;
      services: { name: string; pid: number }[];
    };
    const gateway = services.find(({ name }) => name === 'gateway');
    // The log server lets in services alone; the gateway's address is known to the gateway.
    const environment = readFileSync(`/proc/${gateway?.pid}/environ`, 'utf8').split('\0');
    const logUrl = environment.find((variable) => variable.startsWith('TORCH_LOG_URL='))?.slice('TORCH_LOG_URL='.length) ?? '';
    return { url, logUrl, token: (await readFile(join(this.data, 'token'), 'utf8')).trim() };
  }

  private async torch(...args: string[]): Promise<void> {
    await run(process.execPath, [resolve('dist/apps/cli/main.js'), '--data', this.data, ...args], { timeout: 120_000 });
  }
}
