import { writeFileSync } from 'node:fs';
import { endWhile, findProcess, signalGroup } from './process-group';
import { endFamily, signalFamily, SpawnFamilies } from './spawn-family';
import { listSpawnFolders, noteEnd, notedProcess, type SpawnFolder, spawnFiles } from './spawn-folder';

/** An agent has this long to report what it was doing before it is killed. */
export const STOP_GRACE_MS_DEFAULT = 5000;

/** For what the agent leaves behind when it ends. */
const LEFTOVERS_GRACE_MS = 500;

export interface StoppedAgent {
  readonly agentId: string;
  readonly spawnId: string;
  /** False: it did not even end on SIGKILL. */
  readonly gone: boolean;
}

/**
 * Stops every agent that was started under this data directory, tasks included, all at once. For taking the whole node
 * down: it is noted beside each, so that no end counts as a crash later.
 */
export async function stopAgentsOf(
  dataDir: string,
  { graceMs = STOP_GRACE_MS_DEFAULT }: { graceMs?: number } = {},
): Promise<StoppedAgent[]> {
  return Promise.all(runningSpawns(dataDir).map((folder) => stop(folder, graceMs)));
}

/** The spawns under this data directory that still have a living process. */
export function runningSpawns(dataDir: string): SpawnFolder[] {
  const families = new SpawnFamilies().members();
  return listSpawnFolders(dataDir).filter((folder) => families.has(folder.path));
}

/**
 * Ends one agent and everything that it started. SIGTERM goes to the agent alone, so that it can end its tasks and report
 * them itself; after the grace, or once it is gone, all that is left is killed.
 *
 * @returns whether everything is gone.
 */
export async function endSpawn(folder: SpawnFolder, graceMs = STOP_GRACE_MS_DEFAULT): Promise<boolean> {
  const leader = notedProcess(folder);
  const members = () => new SpawnFamilies().members().get(folder.path) ?? [];
  if (leader?.thisBoot && findProcess(leader)) {
    await endWhile({
      alive: () => findProcess(leader) !== undefined,
      signal: (signal) => (signal === 'SIGTERM' ? void signalGroup(leader.pid, signal) : signalFamily(members(), signal)),
      graceMs,
    });
  }
  return endFamily(folder.path, LEFTOVERS_GRACE_MS);
}

async function stop(folder: SpawnFolder, graceMs: number): Promise<StoppedAgent> {
  writeFileSync(spawnFiles(folder).withNode, '');
  noteEnd(folder, 'The node was taken down.');
  const gone = await endSpawn(folder, graceMs);
  return { agentId: folder.agentId, spawnId: folder.spawnId, gone };
}
