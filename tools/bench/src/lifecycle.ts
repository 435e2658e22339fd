import { on } from 'node:events';

/** What both sides submit at a time. */
export const TASKS_A_RUN = 500;
export const RUNS_AT_A_TIME = 8;

/** One round, for a side in a process of its own. */
export interface LifecycleOrder {
  readonly url: string;
  readonly round: number;
  readonly tasks: number;
}

/** Runs what its parent orders, and answers how many ms it took. Ends with its parent's channel. */
export async function serveLifecycles(run: (order: LifecycleOrder) => Promise<number>): Promise<number> {
  for await (const [order] of on(process, 'message', { close: ['disconnect'] }))
    process.send?.({ elapsedMs: await run(order as LifecycleOrder) });
  return 0;
}
