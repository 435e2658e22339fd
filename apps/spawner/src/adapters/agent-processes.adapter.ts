import { spawn } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, rmSync, statSync, truncateSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import {
  endSpawn,
  endedWithNode,
  findProcess,
  listSpawnFolders,
  noteEnd,
  notedEnd,
  notedExitCode,
  notedProcess,
  type NotedProcess,
  type ProcessEntry,
  residentMib,
  signalFamily,
  spawnFiles,
  type SpawnFolder,
  spawnFolder,
  SpawnFamilies,
} from '@torch/agent';
import type { PoolSpec } from '@torch/contracts';
import { mintToken, requireTokenSecret, TORCH_ENV, type TorchEnv } from '@torch/platform';
import { SPAWNER_CONFIG, type SpawnerConfig } from '../spawner.config';
import { agentArguments, agentEnvironment } from './agent-environment';
import { noteProject } from './project-note';
import { START_SCRIPT } from './start-script';

const LOOK_EVERY_MS = 10;

/** The process could not be started, and will not be startable by trying again. */
export class CannotStart extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CannotStart';
  }
}

export interface StartRequest {
  readonly project: string;
  readonly agentId: string;
  readonly spawnId: string;
  readonly pool: PoolSpec;
}

/** How one spawn's process is doing, as far as this machine can tell. */
export type Finding =
  | { readonly kind: 'never-started' }
  | { readonly kind: 'starting'; readonly sinceMs: number }
  | { readonly kind: 'running'; readonly process: NotedProcess }
  | { readonly kind: 'ended'; readonly exitCode?: number; readonly reason?: string; readonly withNode: boolean };

/** Agents as processes of this machine: each in a session of its own, with a folder that outlives this service. */
@Injectable()
export class AgentProcesses {
  readonly node: string;
  private readonly families = new SpawnFamilies();

  constructor(
    @Inject(TORCH_ENV) private readonly env: TorchEnv,
    @Inject(SPAWNER_CONFIG) private readonly config: SpawnerConfig,
  ) {
    this.node = env.node;
    requireTokenSecret(env);
  }

  folder(agentId: string, spawnId: string): SpawnFolder {
    return spawnFolder(this.env.dataDir, agentId, spawnId);
  }

  folders(): SpawnFolder[] {
    return listSpawnFolders(this.env.dataDir);
  }

  /**
   * Starts the process, or finds the one that an earlier call has started.
   *
   * @throws CannotStart naming what is missing. Any other error may be mended by calling again.
   */
  async start(request: StartRequest): Promise<NotedProcess> {
    const folder = this.folder(request.agentId, request.spawnId);
    if (!existsSync(spawnFiles(folder).started)) await this.launch(folder, request);
    const endAtMs = Date.now() + this.config.startMs;
    for (;;) {
      const noted = notedProcess(folder);
      if (noted) return noted;
      if (Date.now() > endAtMs)
        throw new Error(`Spawn ${request.spawnId} of agent ${request.agentId} has not begun within ${this.config.startMs} ms.`);
      await after(LOOK_EVERY_MS);
    }
  }

  look(folder: SpawnFolder): Finding {
    const noted = notedProcess(folder);
    if (noted?.thisBoot && findProcess(noted)) return { kind: 'running', process: noted };
    const started = statSync(spawnFiles(folder).started, { throwIfNoEntry: false });
    if (!started) return { kind: 'never-started' };
    const exitCode = notedExitCode(folder);
    if (!noted && exitCode === undefined && Date.now() - started.mtimeMs < this.config.startMs)
      return { kind: 'starting', sinceMs: started.mtimeMs };
    const restarted = noted?.thisBoot === false;
    const reason = notedEnd(folder) ?? (restarted ? 'The machine was started anew.' : undefined);
    return { kind: 'ended', exitCode, reason, withNode: restarted || endedWithNode(folder) };
  }

  /** Ends the agent and everything that it started. The first reason is the one that is reported. */
  stop(folder: SpawnFolder, reason: string): Promise<boolean> {
    if (existsSync(folder.path)) noteEnd(folder, reason);
    return endSpawn(folder, this.config.stopGraceMs);
  }

  /** Living processes of every spawn on this machine, by the spawn's folder. */
  members(): ReadonlyMap<string, readonly ProcessEntry[]> {
    return this.families.members();
  }

  /** Kills what has more resident memory than its pool allows, all processes of the agent taken together. */
  holdMemory(folder: SpawnFolder, members: readonly ProcessEntry[], memoryMib: number): boolean {
    const usedMib = residentMib(members);
    if (usedMib <= memoryMib) return false;
    noteEnd(folder, `The memory ceiling of ${memoryMib} MiB was exceeded: ${Math.round(usedMib)} MiB.`);
    signalFamily(members, 'SIGKILL');
    return true;
  }

  /** Moves a log that has grown too large aside. What is written between the copy and the cut is lost. */
  holdLog(folder: SpawnFolder): void {
    const { log, olderLog } = spawnFiles(folder);
    if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) <= this.config.logBytesMax) return;
    copyFileSync(log, olderLog);
    truncateSync(log);
  }

  /** All but the `kept` newest of them. */
  oldest(folders: readonly SpawnFolder[], kept: number): SpawnFolder[] {
    if (folders.length <= kept) return [];
    const touchedMs = ({ path }: SpawnFolder): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const byAge = folders.map((folder) => ({ folder, atMs: touchedMs(folder) })).sort((a, b) => a.atMs - b.atMs);
    return byAge.slice(0, folders.length - kept).map(({ folder }) => folder);
  }

  remove(folder: SpawnFolder): void {
    rmSync(folder.path, { recursive: true, force: true });
  }

  private async launch(folder: SpawnFolder, { project, agentId, spawnId, pool }: StartRequest): Promise<void> {
    mkdirSync(folder.path, { recursive: true, mode: 0o700 });
    noteProject(folder, project);
    const cwd = pool.cwd ?? process.cwd();
    if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory())
      throw new CannotStart(`The working directory ${cwd} of pool ${pool.poolId} does not exist.`);
    const token = await mintToken(requireTokenSecret(this.env), { actor: `agent:${agentId}`, projects: [project] });
    const identity = { project, agentId, spawnId, folder: folder.path, node: this.node, url: this.env.url, token };
    const command = [...this.config.agentCommand, ...agentArguments(pool, identity)];
    const log = openSync(spawnFiles(folder).log, 'a', 0o600);
    try {
      const child = spawn('/bin/sh', ['-c', START_SCRIPT, 'torch-agent', folder.path, ...command], {
        cwd,
        detached: true,
        stdio: ['ignore', log, log],
        env: agentEnvironment(process.env, pool, identity),
      });
      await new Promise<void>((started, failed) => child.once('spawn', started).once('error', failed));
      child.unref();
    } catch (error) {
      throw new CannotStart(`The agent's process could not be started: ${(error as Error).message}.`);
    } finally {
      closeSync(log);
    }
  }
}
