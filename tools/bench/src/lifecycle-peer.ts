import { Queue, Worker } from 'bullmq';
import { type LifecycleOrder, RUNS_AT_A_TIME, TASKS_A_RUN } from './lifecycle';
import { benchTask } from './payload';

export const WORKER_CONCURRENCY = 50;

/** ms that BullMQ needs for the tasks of a round, from the first `addBulk` to the last completion. */
export async function runBullmq({ url, round, tasks }: LifecycleOrder): Promise<number> {
  const { hostname, port } = new URL(url);
  const connection = { host: hostname, port: Number(port), maxRetriesPerRequest: null };
  const name = `bench-${round}`;
  const queue = new Queue(name, { connection });
  await queue.waitUntilReady();
  const jobs = Array.from({ length: tasks }, (_, i) => ({ name: 'task', data: benchTask(`t${i}`, i), opts: { priority: (i % 10) + 1 } }));
  const bulks = Array.from({ length: Math.ceil(tasks / TASKS_A_RUN) }, (_, i) => jobs.slice(i * TASKS_A_RUN, (i + 1) * TASKS_A_RUN));
  const startedAt = performance.now();
  for (let at = 0; at < bulks.length; at += RUNS_AT_A_TIME)
    await Promise.all(bulks.slice(at, at + RUNS_AT_A_TIME).map((bulk) => queue.addBulk(bulk)));
  let completed = 0;
  const worker = new Worker(name, async () => undefined, { connection, concurrency: WORKER_CONCURRENCY });
  await new Promise<void>((resolve, reject) => {
    worker.on('completed', () => {
      if (++completed === tasks) resolve();
    });
    worker.on('error', reject);
  });
  const elapsedMs = performance.now() - startedAt;
  await worker.close();
  await queue.obliterate({ force: true });
  await queue.close();
  return elapsedMs;
}
