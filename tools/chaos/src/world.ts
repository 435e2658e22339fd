import { type ChildProcess, execFile } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeCommit, partitionOf, PARTITIONS_DEFAULT } from '@torch/log';
import { connectLogServer, Keys } from '@torch/log-dragonfly';
import { type SeededRandom, startLogServer, startTcpProxy, type TcpProxy, type TestLogServer, waitUntil } from '@torch/testing';
import { Redis } from 'ioredis';
import type { LoggedEffect } from './history';

export const PROJECT = 'default';
const CLI_MS_MAX = 300_000;
const PAGE_ENTRIES = 500;

interface TorchState {
  readonly url: string;
  readonly services: readonly { readonly name: string; readonly pid?: number; readonly phase: string }[];
}

/** A whole Torch, as its users start it, on a log server that keeps nothing by itself. */
export class ChaosWorld {
  private readonly root = mkdtempSync(join(tmpdir(), 'torch-chaos-'));
  private readonly data = join(this.root, 'data');

  private constructor(
    private current: TestLogServer,
    private readonly address: TcpProxy,
    private readonly cliPath: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /** @param cliPath the built command. */
  static async start(cliPath: string, env: NodeJS.ProcessEnv = {}): Promise<ChaosWorld> {
    if (!existsSync(cliPath)) throw new Error(`${cliPath} is not built: run "npm run build" first.`);
    const logServer = await startLogServer({ appendfsync: 'none' });
    const world = new ChaosWorld(logServer, await startTcpProxy(logServer.port), cliPath, env);
    try {
      const { code, stderr } = await world.cli('up', '--detach', '--port', '0');
      if (code !== 0) throw new Error(`torch up ended with ${code}: ${stderr}`);
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.cli('down');
    await this.address.close();
    await this.current.stop();
    rmSync(this.root, { recursive: true, force: true });
  }

  /** The one that Torch is connected to, by an address that stays the same. */
  get logServer(): TestLogServer {
    return this.current;
  }

  private get logUrl(): string {
    return `redis://127.0.0.1:${this.address.port}`;
  }

  cli(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    return new Promise((done) => {
      const { TORCH_DATA_DIR: _data, TORCH_TOKEN: _token, TORCH_URL: _url, ...inherited } = process.env;
      const env = { ...inherited, ...this.env, TORCH_LOG_URL: this.logUrl };
      const child: ChildProcess = execFile(
        process.execPath,
        [this.cliPath, '--data', this.data, ...args],
        { cwd: this.root, env, timeout: CLI_MS_MAX, maxBuffer: 64 * 1024 * 1024 },
        (error, stdout, stderr) => done({ code: error ? (child.exitCode ?? -1) : 0, stdout, stderr }),
      );
    });
  }

  get url(): string {
    return this.state().url;
  }

  get token(): string {
    return readFileSync(join(this.data, 'token'), 'utf8').trim();
  }

  /** SIGKILL. Its supervisor starts it again. @returns its pid; undefined when it has no process now. */
  killService(name: string): number | undefined {
    const pid = this.state().services.find((service) => service.name === name)?.pid;
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    return pid;
  }

  /** Whether a service that was killed has been started again and is ready. */
  isReady(name: string, killed: number | undefined): boolean {
    const service = this.state().services.find((candidate) => candidate.name === name);
    return service?.phase === 'ready' && service.pid !== killed;
  }

  /** What the log server has now, to come back with after `restart`. */
  async saveSnapshot(): Promise<void> {
    const redis = new Redis(this.logServer.url, { protocol: 2 });
    await redis.save();
    await redis.quit();
  }

  /** A replica that has all there is now, and gets nothing of what comes. */
  async laggingReplica(): Promise<TestLogServer> {
    const replica = await startLogServer({ appendfsync: 'none' });
    const redis = new Redis(replica.url, { protocol: 2 });
    await redis.replicaof('127.0.0.1', this.current.port);
    const follows = async (): Promise<boolean> => (await redis.info('replication')).includes('master_link_status:up');
    await waitUntil(follows, { what: 'the replica to follow' });
    await redis.replicaof('NO', 'ONE');
    await redis.quit();
    return replica;
  }

  /** The log server is lost, and another takes its place under the same address. */
  async failOverTo(other: TestLogServer): Promise<void> {
    const lost = this.current;
    await lost.kill();
    this.current = other;
    this.address.leadTo(other.port);
    await lost.stop();
  }

  /** The log server is started again with another history than it had: from `seq` on, everything else is different. */
  async fork(seq: number): Promise<void> {
    const keys = new Keys();
    const redis = new Redis(this.current.url, { protocol: 2 });
    const entries = (await redis.xrange(keys.log(this.partition), '-', '+')) as [string, string[]][];
    await redis.del(keys.log(this.partition));
    for (const [id, [field = '', body = '']] of entries) {
      const differs = Number(id.split('-')[0]) >= seq;
      await redis.xadd(keys.log(this.partition), id, field, differs ? body.replace(/"recordedAtMs":\d+/, '"recordedAtMs":1') : body);
    }
    await redis.save();
    await redis.quit();
    await this.current.restart('kept');
  }

  /** What a service has written to its log file. */
  logOf(service: string): string {
    return readFileSync(join(this.data, 'logs', `${service}.log`), 'utf8');
  }

  /** As if the machine had gone down while the archive's next record was being written. */
  tearArchive(random: SeededRandom): void {
    const archive = join(this.data, 'audit');
    const partition = join(archive, `p${String(this.partition).padStart(2, '0')}`);
    const open = readdirSync(partition).find((name) => name.endsWith('.ndjson') && name.startsWith('segment-'));
    if (!open) return;
    const lines = readFileSync(join(partition, open), 'utf8').trimEnd().split('\n');
    const last = lines.at(-1) ?? '';
    appendFileSync(join(partition, open), last.slice(0, random.int(1, Math.max(1, last.length - 1))));
  }

  /** Every effect that the log holds, in its order. */
  async effects(): Promise<LoggedEffect[]> {
    const server = await connectLogServer({ url: this.logServer.url });
    try {
      const effects: LoggedEffect[] = [];
      for (let afterSeq = 0; ;) {
        const entries = await server.log.read(this.partition, afterSeq, PAGE_ENTRIES);
        for (const entry of entries) {
          const position = `${entry.position.seq}-${entry.position.generation}`;
          for (const event of decodeCommit(entry).events) effects.push({ effect: effectOf(event.type, event.data), position });
        }
        const last = entries.at(-1);
        if (!last) return effects;
        afterSeq = last.position.seq;
      }
    } finally {
      await server.close();
    }
  }

  /** The archive and every service's state hold: otherwise what is wrong. */
  async integrityProblems(): Promise<string[]> {
    const problems: string[] = [];
    const replay = await this.cli('--json', 'log', 'replay');
    if (replay.code !== 0) problems.push(`torch log replay ended with ${replay.code}: ${replay.stdout}${replay.stderr}`);
    const verify = await waitUntil(
      async () => {
        const result = await this.cli('--json', 'audit', 'verify');
        return result.code === 0 || !result.stdout.includes('being opened') ? result : undefined;
      },
      { what: 'the archive to be open', deadlineMs: 15_000, everyMs: 250 },
    );
    if (verify.code !== 0) problems.push(`torch audit verify ended with ${verify.code}: ${verify.stdout}${verify.stderr}`);
    return problems;
  }

  private get partition(): number {
    return partitionOf(PROJECT, PARTITIONS_DEFAULT);
  }

  private state(): TorchState {
    return JSON.parse(readFileSync(join(this.data, 'torch.json'), 'utf8')) as TorchState;
  }
}

/** What tells an event from every other one, where it is one that a client's request leads to. */
function effectOf(type: string, data: unknown): string {
  const { messageId, runId } = data as { messageId?: string; runId?: string };
  return `${type} ${messageId ?? runId ?? ''}`;
}
