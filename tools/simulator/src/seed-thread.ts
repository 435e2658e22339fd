import { parentPort, Worker, workerData } from 'node:worker_threads';
import { FAULT_NAMES, type FaultName } from './faults/fault-names';
import { MUTANTS } from './mutants/mutants';
import { type SeedResult, simulateSeed, type SimulateSeed } from './round';

/** What all worlds of a round have in common, in words that can be sent to a thread. */
export interface WorldOrder {
  /** Nothing else goes wrong. */
  readonly fault?: FaultName;
  readonly mutant?: string;
  readonly troubleMs?: number;
}

export interface SeedThread {
  readonly simulate: SimulateSeed;
  stop(): Promise<unknown>;
}

/** @param program calls `serveSeeds` when it is a thread. */
export function startSeedThread(program: string, order: WorldOrder): SeedThread {
  const thread = new Worker(program, { workerData: order });
  const simulate: SimulateSeed = (seed) =>
    new Promise((resolve, reject) => {
      thread.once('error', reject);
      thread.once('message', (result: SeedResult) => {
        thread.off('error', reject);
        resolve(result);
      });
      thread.postMessage(seed);
    });
  return { simulate, stop: () => thread.terminate() };
}

/** Answers each seed with what became of its world. */
export function serveSeeds(): void {
  const { fault, mutant, troubleMs } = workerData as WorldOrder;
  parentPort?.on('message', async (seed: number) => {
    const faults = fault === undefined ? FAULT_NAMES : [fault];
    parentPort?.postMessage(await simulateSeed({ seed, faults, troubleMs, mutant: MUTANTS[mutant ?? ''] }));
  });
}
