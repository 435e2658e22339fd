import { stopAgentsOf } from '@torch/agent';
import type { DataDir } from './data-dir';
import { lockDataDir, lockHolder } from './data-dir-lock';
import { removeLeftovers } from './leftovers';
import { signalProcess, waitUntilGone } from './process-identity';

/** How long a running Torch gets to stop in order. */
export const STOP_WAIT_MS = 10_000;
const FORCED_GRACE_MS = 500;

export interface StopReport {
  /** The Torch that was told to stop; absent when none was running. */
  readonly pid?: number;
  /** False when it had to be killed. */
  readonly inOrder: boolean;
  /** What an earlier or a killed Torch had left running, and was ended. */
  readonly leftovers: readonly string[];
  /** Agents that had outlived their Torch, and were ended. */
  readonly agents: readonly string[];
}

/** Stops the Torch of a data directory, and whatever a Torch that was killed has left running there. */
export async function stopTorch(dataDir: DataDir, waitMs = STOP_WAIT_MS): Promise<StopReport> {
  const holder = lockHolder(dataDir);
  let inOrder = true;
  if (holder) {
    signalProcess(holder, 'SIGTERM');
    inOrder = await waitUntilGone(holder, waitMs);
    if (!inOrder) {
      signalProcess(holder, 'SIGKILL');
      await waitUntilGone(holder, FORCED_GRACE_MS);
    }
  }
  const lock = lockDataDir(dataDir);
  try {
    const leftovers = await removeLeftovers(dataDir, inOrder ? undefined : FORCED_GRACE_MS);
    const agents = (await stopAgentsOf(dataDir.root)).map(({ agentId }) => agentId);
    return { pid: holder?.pid, inOrder, leftovers, agents };
  } finally {
    lock.release();
  }
}
