import type { DataDir } from './data-dir';
import { type ProcessIdentity, signalProcess, waitUntilGone } from './process-identity';
import { type ProcessState, readTorchState, removeTorchState } from './torch-state';

/** What a process that lost its supervisor gets to end in order; a log server writes its last second to disk. */
export const LEFTOVER_GRACE_MS = 3000;
const KILL_WAIT_MS = 2000;

/**
 * Ends the services and the log server that a Torch left behind when it was killed: only processes whose pid and start
 * time are those in its `torch.json`. The log server goes last.
 *
 * @returns the names of what was still running.
 */
export async function removeLeftovers(dataDir: DataDir, graceMs = LEFTOVER_GRACE_MS): Promise<string[]> {
  const state = readTorchState(dataDir);
  if (!state) return [];
  const services = await Promise.all(state.services.map((service) => endProcess(service, graceMs)));
  const logServer = state.logServer && (await endProcess(state.logServer, graceMs));
  removeTorchState(dataDir);
  return [...services, logServer].flatMap((name) => name ?? []);
}

async function endProcess({ name, pid, startTicks }: ProcessState, graceMs: number): Promise<string | undefined> {
  if (pid === undefined || startTicks === undefined) return undefined;
  const who: ProcessIdentity = { pid, startTicks };
  if (!signalProcess(who, 'SIGTERM')) return undefined;
  if (!(await waitUntilGone(who, graceMs))) {
    signalProcess(who, 'SIGKILL', { group: true });
    await waitUntilGone(who, KILL_WAIT_MS);
  }
  return name;
}
