import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answersPing, type PingTarget } from './answers-ping';
import { freePort } from './free-port';
import { GuardedProcess } from './guarded-process';
import {
  findLogServerProgram,
  logServerArguments,
  type LogServerKind,
  type LogServerProgram,
  type LogServerSettings,
  type TlsFiles,
} from './log-server-program';
import { waitUntil } from './wait-until';

const PORT_ATTEMPTS_MAX = 5;
const START_MS_MAX = 20_000;

/** A real log server for one test file, on a port and with data of its own. */
export interface TestLogServer {
  readonly url: string;
  readonly port: number;
  readonly kind: LogServerKind;
  readonly pid: number;
  /** SIGKILL. Its data stays for `restart`: with `appendfsync: 'always'` all that was answered. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and data, or `empty`. Kills it first when it runs. */
  restart(data?: 'kept' | 'empty'): Promise<void>;
  /** SIGSTOP: connections stay open, and nothing is answered. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Kills it and removes its data; it cannot be started again. May be called again. */
  stop(): Promise<void>;
}

export interface StartLogServerOptions {
  /** Default: the first that is found of redis-server, valkey-server, dragonfly. */
  readonly kind?: LogServerKind;
  /**
   * Default `everysec`, as Torch runs it: while the disk is slow, the server answers up to 2 s before it writes, so that
   * even a kill without a crash of the machine loses what was answered last. Take `always` where a test counts on it, and
   * `none` for a server that keeps what was last saved as a snapshot, and else nothing.
   */
  readonly appendfsync?: LogServerSettings['appendfsync'];
  /** Its users, as an `aclfile` has them. One who may do everything is added: `url` is that one's. */
  readonly acl?: string;
  /** It speaks TLS alone, with these; with `ca` it takes only clients whose certificate that has signed. */
  readonly tls?: TlsFiles;
}

/**
 * Starts a log server and waits until it answers. It ends with this process at the latest, and its data too.
 *
 * @throws Error when there is none on the PATH, or it does not start.
 */
export async function startLogServer(options: StartLogServerOptions = {}): Promise<TestLogServer> {
  const program = findLogServerProgram(options.kind);
  const dataDir = await mkdtemp(join(tmpdir(), 'torch-test-log-'));
  try {
    const { appendfsync = 'everysec', acl, tls } = options;
    const keeper = acl === undefined ? undefined : { name: 'torch-test', password: randomBytes(16).toString('hex') };
    const aclFile = keeper && join(dataDir, 'users.acl');
    if (keeper && aclFile) await writeFile(aclFile, `${acl}user ${keeper.name} on >${keeper.password} ~* &* +@all\n`, { mode: 0o600 });
    return await startOnFreePort(program, { dataDir, appendfsync, aclFile, tls }, keeper);
  } catch (error) {
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  }
}

/** Somebody else may take a free port before the server does: then another one is tried. */
async function startOnFreePort(
  program: LogServerProgram,
  settings: Omit<LogServerSettings, 'port'>,
  keeper: PingTarget['user'],
): Promise<TestLogServer> {
  for (let attempt = 1; ; attempt++) {
    const server = new StartedLogServer(program, { ...settings, port: await freePort() }, keeper);
    try {
      await server.restart();
      return server;
    } catch (error) {
      await server.kill();
      if (attempt === PORT_ATTEMPTS_MAX) throw error;
    }
  }
}

class StartedLogServer implements TestLogServer {
  private current: GuardedProcess | undefined;

  constructor(
    private readonly program: LogServerProgram,
    private readonly settings: LogServerSettings,
    private readonly user: PingTarget['user'],
  ) {}

  get port(): number {
    return this.settings.port;
  }

  get url(): string {
    const { name, password } = this.user ?? {};
    return `${this.settings.tls ? 'rediss' : 'redis'}://${name ? `${name}:${password}@` : ''}127.0.0.1:${this.port}`;
  }

  get kind(): LogServerKind {
    return this.program.kind;
  }

  get pid(): number {
    return this.live().pid;
  }

  async kill(): Promise<void> {
    await this.current?.kill();
  }

  async restart(data: 'kept' | 'empty' = 'kept'): Promise<void> {
    await this.kill();
    const previous = this.current;
    const { dataDir, port, tls } = this.settings;
    if (data === 'empty') await forget(dataDir);
    const started = await GuardedProcess.start(this.program.path, logServerArguments(this.program, this.settings), dataDir);
    this.current = started;
    previous?.release();
    await waitUntil(async () => started.hasEnded || (await answersPing({ port, tls, user: this.user })), {
      what: `the log server on port ${this.port} answers`,
      deadlineMs: START_MS_MAX,
    });
    if (started.hasEnded) throw new Error(`${this.program.path} ended as soon as it was started:\n${started.lastOutput}`);
  }

  pause(): void {
    this.live().signal('SIGSTOP');
  }

  resume(): void {
    this.live().signal('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.settings.dataDir, { recursive: true, force: true });
    this.current?.release();
  }

  private live(): GuardedProcess {
    if (!this.current || this.current.hasEnded) throw new Error('The log server is not running.');
    return this.current;
  }
}

/** What the server itself has written; the list of its users stays. */
async function forget(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (!name.endsWith('.acl')) await rm(join(dataDir, name), { recursive: true, force: true });
  }
}
