import { GatewayClient, type GatewayOptions, type ProjectClient, type RetryConfig } from '@torch/agent';
import { DURABILITIES, type Durability, PROJECT_PATTERN } from '@torch/contracts';
import { type DataDir, dataDirAt, lockHolder, readTorchState, type TorchState } from '@torch/dev';
import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { notRunning, wrongUsage } from './cli.errors';
import type { CliIo } from './cli-io';

export const PROJECT_DEFAULT = 'default';

/** Where a Torch runs here, a restarting gateway is waited for; elsewhere a refused connection is an answer. */
const PATIENT: Partial<RetryConfig> = { attemptsMax: 20, budgetMs: 15_000 };
const IMPATIENT: Partial<RetryConfig> = { attemptsMax: 2, budgetMs: 2000 };

interface GlobalOptions {
  readonly data?: string;
  readonly url?: string;
  readonly token?: string;
  readonly project?: string;
  readonly durability?: string;
  readonly json?: boolean;
}

/** What a command knows of its caller and of the Torch that it speaks to. */
export class CliContext {
  private readonly options: GlobalOptions;
  readonly dataDir: DataDir;

  constructor(
    private readonly command: Pick<Command, 'optsWithGlobals'>,
    readonly io: CliIo,
  ) {
    this.options = command.optsWithGlobals<GlobalOptions>();
    this.dataDir = dataDirAt(resolve(io.cwd, this.options.data ?? io.env.TORCH_DATA_DIR ?? '.torch'));
  }

  /** The same command, speaking to this Torch whatever else was named. */
  boundTo(torch: { readonly url: string; readonly token: string }): CliContext {
    return new CliContext({ optsWithGlobals: <T>() => ({ ...this.command.optsWithGlobals(), ...torch }) as T }, this.io);
  }

  get json(): boolean {
    return this.options.json === true;
  }

  /** As given with `--project`; undefined when it was not. */
  get givenProject(): string | undefined {
    const { project } = this.options;
    if (project !== undefined && !PROJECT_PATTERN.test(project)) {
      throw wrongUsage(`--project "${project}" is not a project name: 1 to 63 lower-case letters, digits or "-".`);
    }
    return project;
  }

  get projectName(): string {
    return this.givenProject ?? (this.io.env.TORCH_PROJECT || PROJECT_DEFAULT);
  }

  /** The archive's directory: as given with `--archive`, `TORCH_ARCHIVE_DIR`, or in the data directory. Absolute. */
  archiveDir(given?: string): string {
    return resolve(this.io.cwd, given ?? (this.io.env.TORCH_ARCHIVE_DIR || join(this.dataDir.root, 'audit')));
  }

  /** The Torch of the data directory; undefined when none runs there. */
  runningHere(): TorchState | undefined {
    const holder = lockHolder(this.dataDir);
    const state = readTorchState(this.dataDir);
    return holder && state && holder.pid === state.pid ? state : undefined;
  }

  gateway(settings: Pick<GatewayOptions, 'requestTimeoutMs'> = {}): GatewayClient {
    return new GatewayClient({ ...this.gatewayOptions(), ...settings });
  }

  /** @throws CliError 3 when no Torch runs here and none was named, or there is no token for it. */
  gatewayOptions(): GatewayOptions {
    const named = this.options.url ?? this.io.env.TORCH_URL;
    const here = named === undefined ? this.runningHere() : undefined;
    const url = named ?? here?.url;
    if (url === undefined) {
      throw notRunning(`Torch is not running on ${this.dataDir.root}. Start it with "torch up", or name another one with --data or --url.`);
    }
    if (!URL.canParse(url)) throw wrongUsage(`"${url}" (--url or TORCH_URL) is not a URL such as http://127.0.0.1:7420.`);
    return { url, token: this.token(), durability: this.durability, retry: here ? PATIENT : IMPATIENT };
  }

  project(): ProjectClient {
    return this.gateway().project(this.projectName);
  }

  print(text: string): void {
    this.io.stdout.write(`${text}\n`);
  }

  /** Beside the result: progress, hints. */
  note(text: string): void {
    this.io.stderr.write(`${text}\n`);
  }

  /** With `--json` one JSON value, otherwise text. */
  answer(value: unknown, text: () => string): void {
    this.print(this.json ? JSON.stringify(value) : text());
  }

  private get durability(): Durability | undefined {
    const { durability } = this.options;
    const level = DURABILITIES.find((known) => known === durability);
    if (durability !== undefined && !level) throw wrongUsage(`--durability "${durability}" is none of ${DURABILITIES.join(', ')}.`);
    return level;
  }

  private token(): string {
    const given = this.options.token ?? this.io.env.TORCH_TOKEN;
    if (given) return given;
    try {
      return readFileSync(this.dataDir.token, 'utf8').trim();
    } catch {
      throw notRunning('There is no token: give one with --token or TORCH_TOKEN, or the data directory of that Torch with --data.');
    }
  }
}

/** Wraps a command's action: its context is made, and its exit code kept by `exit`. */
export function action<Args extends unknown[]>(
  io: CliIo,
  exit: (code: number) => void,
  act: (context: CliContext, ...args: Args) => Promise<number | void>,
): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command;
    exit((await act(new CliContext(command, io), ...(args.slice(0, -1) as Args))) ?? 0);
  };
}
