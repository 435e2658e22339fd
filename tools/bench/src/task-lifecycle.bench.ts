import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Queue, Worker } from 'bullmq';
import { Commands } from '@torch/contracts';
import { createTorchClient } from '@torch/host';
import type { BenchContext } from './bench';
import { benchHost } from './bench-host';
import { rateFigure } from './figure';
import type { LifecycleOrder } from './lifecycle-agents';
import { benchTask } from './payload';

const TASKS = 20_000;
const AGENTS = 50;
/** Tasks that one agent takes at a time. */
const AGENT_CAPACITY = 10;
const WORKER_CONCURRENCY = 50;

/**
 * Tasks a second from submission to completion, each step an event in the log: submitted, assigned, completed. Torch's
 * owners run here, its agents in another process. BullMQ gets the same tasks with their priorities by `addBulk` and
 * works them off with an empty processor.
 */
export async function taskLifecycle({ connect, newUrl, rounds, progress }: BenchContext) {
  const server = await connect();
  const scheduler = benchHost('scheduler', server);
  await scheduler.start();
  await registerAgents(connect);
  const agents = fork(process.argv[1] as string, ['--agents'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const torch: number[] = [];
  const peers: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const mine = TASKS / ((await simulated(agents, { url: newUrl(), round, tasks: TASKS })) / 1000);
    const theirs = await bullmq(newUrl(), round);
    progress(`task.lifecycle ${round === 0 ? 'warm-up' : `round ${round}`}: torch ${Math.round(mine)}/s, BullMQ ${Math.round(theirs)}/s`);
    if (round === 0) continue; // Warm-up, for both.
    torch.push(mine);
    peers.push(theirs);
  }
  agents.disconnect();
  await scheduler.stop();
  await server.close();
  return [
    rateFigure({ name: 'task.lifecycle', unit: 'tasks/s', peer: `BullMQ, concurrency ${WORKER_CONCURRENCY}`, torch, peers, atLeast: 2 }),
  ];
}

/** The agents register once, as in any fleet; the registry has no part in a task's life cycle. */
async function registerAgents(connect: BenchContext['connect']): Promise<void> {
  const server = await connect();
  const registry = benchHost('registry', server);
  await registry.start();
  const client = await createTorchClient(server);
  await Promise.all(
    Array.from({ length: AGENTS }, (_, i) => {
      const data = {
        agentId: `bench-agent-${i}`,
        role: 'developer',
        skills: ['typescript'],
        harness: 'bench',
        instance: 'i',
        capacity: AGENT_CAPACITY,
      };
      return client.command(Commands.RegisterAgent, { project: 'default', actor: 'user:bench' }, data);
    }),
  );
  await client.close();
  await registry.stop();
  await server.close();
}

/** ms for the whole, as the agents' process measured it. */
async function simulated(agents: ChildProcess, order: LifecycleOrder): Promise<number> {
  agents.send(order);
  const [answer] = (await Promise.race([once(agents, 'message'), once(agents, 'exit').then(([code]) => [{ exited: code as number }])])) as [
    { elapsedMs?: number; exited?: number },
  ];
  if (answer.elapsedMs === undefined) throw new Error(`The simulated agents ended with exit code ${answer.exited}.`);
  return answer.elapsedMs;
}

async function bullmq(url: string, round: number): Promise<number> {
  const { hostname, port } = new URL(url);
  const connection = { host: hostname, port: Number(port), maxRetriesPerRequest: null };
  const name = `bench-${round}`;
  const queue = new Queue(name, { connection });
  await queue.waitUntilReady();
  const jobs = Array.from({ length: TASKS }, (_, i) => ({ name: 'task', data: benchTask(`t${i}`, i), opts: { priority: (i % 10) + 1 } }));
  const startedAt = performance.now();
  for (let from = 0; from < TASKS; from += 500) await queue.addBulk(jobs.slice(from, from + 500));
  let completed = 0;
  const worker = new Worker(name, async () => undefined, { connection, concurrency: WORKER_CONCURRENCY });
  await new Promise<void>((resolve, reject) => {
    worker.on('completed', () => {
      if (++completed === TASKS) resolve();
    });
    worker.on('error', reject);
  });
  const rate = TASKS / ((performance.now() - startedAt) / 1000);
  await worker.close();
  await queue.obliterate({ force: true });
  await queue.close();
  return rate;
}
