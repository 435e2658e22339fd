import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ProcessIdentity } from './process-group';
import { bootId } from './process-table';

/** What one start of an agent leaves on disk: `<dataDir>/agents/<agentId>/<spawnId>/`. */
export interface SpawnFolder {
  readonly agentId: string;
  readonly spawnId: string;
  readonly path: string;
}

/** Leader of the agent's process group, as it noted itself down. */
export interface NotedProcess extends ProcessIdentity {
  /** False: the machine has been started anew since, so the process is gone whatever the pid says. */
  readonly thisBoot: boolean;
}

export const spawnFolder = (dataDir: string, agentId: string, spawnId: string): SpawnFolder => ({
  agentId,
  spawnId,
  path: join(resolve(dataDir), 'agents', agentId, spawnId),
});

export const spawnFiles = ({ path }: SpawnFolder) => ({
  /** A folder made by the start itself, so that only one ever succeeds. */
  started: join(path, 'started'),
  /** `<pid> <start ticks> <boot id>` */
  pid: join(path, 'pid'),
  log: join(path, 'agent.log'),
  /** The previous `agent.log`. */
  olderLog: join(path, 'agent.log.1'),
  /** The exit code, once there is one. */
  exit: join(path, 'exit'),
  /** Why Torch ended the process, in a sentence. */
  ended: join(path, 'ended'),
  /** There when the whole node was taken down in order: the end says nothing about the agent. */
  withNode: join(path, 'with-node'),
});

/** Every spawn that ever left a folder and has not been cleared away. */
export function listSpawnFolders(dataDir: string): SpawnFolder[] {
  return folderNames(join(dataDir, 'agents')).flatMap((agentId) =>
    folderNames(join(dataDir, 'agents', agentId)).map((spawnId) => spawnFolder(dataDir, agentId, spawnId)),
  );
}

export function notedProcess(folder: SpawnFolder): NotedProcess | undefined {
  const [pid, startTicks, boot] = (noted(spawnFiles(folder).pid) ?? '').split(' ');
  if (boot === undefined) return undefined;
  return { pid: Number(pid), startTicks: Number(startTicks), thisBoot: boot === bootId() };
}

export function notedExitCode(folder: SpawnFolder): number | undefined {
  const text = noted(spawnFiles(folder).exit);
  return text === undefined || !/^\d{1,3}$/.test(text) ? undefined : Number(text);
}

/** Why Torch ended the process, when it did. The first reason stays. */
export const notedEnd = (folder: SpawnFolder): string | undefined => noted(spawnFiles(folder).ended);

export function noteEnd(folder: SpawnFolder, reason: string): void {
  if (!existsSync(spawnFiles(folder).ended)) writeWhole(spawnFiles(folder).ended, reason);
}

export const endedWithNode = (folder: SpawnFolder): boolean => existsSync(spawnFiles(folder).withNode);

/** Whoever reads the file sees all of it or nothing. */
export function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.tmp`, text);
  renameSync(`${file}.tmp`, file);
}

function noted(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function folderNames(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
