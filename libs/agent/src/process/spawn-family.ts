import { endWhile, KILL_GRACE_MS_DEFAULT, signalGroup, signalProcess } from './process-group';
import { environmentOf, listProcesses, type ProcessEntry, residentKib } from './process-table';

/**
 * Every process of a spawned agent has it in its environment, those in groups of their own too: the path of its folder,
 * which no other start on this machine shares.
 */
export const SPAWN_FOLDER_VARIABLE = 'TORCH_SPAWN_FOLDER';
/** Looks at one process before its environment is taken as final: between fork and exec it is still its parent's. */
const LOOKS_MAX = 3;

/**
 * The processes of spawned agents, found by the spawn folder in their environment, and by the session of one that has it:
 * an agent gives each task a group of its own, and whoever loses its parent is still found.
 */
export class SpawnFamilies {
  /** Reading an environment is the dear part of a look. */
  private readonly known = new Map<string, { folder?: string; looks: number }>();

  /** Living members by the path of the spawn's folder. One walk over `/proc`, however many agents there are. */
  members(): Map<string, ProcessEntry[]> {
    const all = listProcesses();
    const families = new Map<string, ProcessEntry[]>();
    const folderOfSession = new Map<number, string>();
    const rest: ProcessEntry[] = [];
    for (const entry of all) {
      const folder = this.folderOf(entry);
      if (folder === undefined) rest.push(entry);
      else {
        folderOfSession.set(entry.session, folder);
        add(families, folder, entry);
      }
    }
    for (const entry of rest) {
      const folder = folderOfSession.get(entry.session);
      if (folder !== undefined) add(families, folder, entry);
    }
    this.forgetAllBut(all);
    return families;
  }

  private folderOf(entry: ProcessEntry): string | undefined {
    const known = this.known.get(keyOf(entry)) ?? { looks: 0 };
    if (known.folder === undefined && known.looks < LOOKS_MAX) {
      this.known.set(keyOf(entry), { folder: folderInEnvironment(entry.pid), looks: known.looks + 1 });
    }
    return this.known.get(keyOf(entry))?.folder;
  }

  private forgetAllBut(all: readonly ProcessEntry[]): void {
    const living = new Set(all.map(keyOf));
    for (const key of this.known.keys()) if (!living.has(key)) this.known.delete(key);
  }
}

/** Resident memory of all members in MiB; pages that they share count for each of them. */
export const residentMib = (members: readonly ProcessEntry[]): number => members.reduce((sum, { pid }) => sum + residentKib(pid), 0) / 1024;

/** Ends every member: SIGTERM, then SIGKILL after the grace. @returns whether all are gone. */
export async function endFamily(folder: string, graceMs = KILL_GRACE_MS_DEFAULT): Promise<boolean> {
  const members = (): readonly ProcessEntry[] => new SpawnFamilies().members().get(folder) ?? [];
  return endWhile({ alive: () => members().length > 0, signal: (signal) => signalFamily(members(), signal), graceMs });
}

/** Groups that are led by a member are signalled whole, so that nobody forks away from under the signal. */
export function signalFamily(members: readonly ProcessEntry[], signal: NodeJS.Signals): void {
  const leaders = new Set(members.filter(({ pid, group }) => pid === group).map(({ pid }) => pid));
  for (const leader of leaders) signalGroup(leader, signal);
  for (const { pid, group } of members) if (!leaders.has(group)) signalProcess(pid, signal);
}

const keyOf = ({ pid, startTicks }: ProcessEntry): string => `${pid}/${startTicks}`;

function add(families: Map<string, ProcessEntry[]>, folder: string, entry: ProcessEntry): void {
  const family = families.get(folder);
  if (family) family.push(entry);
  else families.set(folder, [entry]);
}

function folderInEnvironment(pid: number): string | undefined {
  return environmentOf(pid)
    .find((line) => line.startsWith(`${SPAWN_FOLDER_VARIABLE}=`))
    ?.slice(SPAWN_FOLDER_VARIABLE.length + 1);
}
