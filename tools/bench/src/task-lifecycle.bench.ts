import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Commands } from '@torch/contracts';
import { createTorchClient } from '@torch/host';
import type { BenchContext } from './bench';
import { benchHost } from './bench-host';
import { rateFigure } from './figure';
import type { LifecycleOrder } from './lifecycle';
import { WORKER_CONCURRENCY } from './lifecycle-peer';

const TASKS = 20_000;
const AGENTS = 50;
/** Tasks that one agent takes at a time. */
const AGENT_CAPACITY = 10;

/**
 * Tasks a second from submission to completion, each step an event in the log: submitted, assigned, completed. Torch's
 * owner runs here, its agents in another process. BullMQ, in a third, gets the same tasks with their priorities by
 * `addBulk` and works them off with an empty processor. All three live through all rounds, one side at a time at work.
 */
export async function taskLifecycle({ connect, newUrl, rounds, progress }: BenchContext) {
  const server = await connect();
  const scheduler = benchHost('scheduler', server);
  await scheduler.start();
  await registerAgents(connect);
  const agents = forked('--agents');
  const bullmq = forked('--peer');
  const torch: number[] = [];
  const peers: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const mine = TASKS / ((await workedOff(agents, { url: newUrl(), round, tasks: TASKS })) / 1000);
    const theirs = TASKS / ((await workedOff(bullmq, { url: newUrl(), round, tasks: TASKS })) / 1000);
    progress(`task.lifecycle ${round === 0 ? 'warm-up' : `round ${round}`}: torch ${Math.round(mine)}/s, BullMQ ${Math.round(theirs)}/s`);
    if (round === 0) continue; // Warm-up, for both.
    torch.push(mine);
    peers.push(theirs);
  }
  agents.disconnect();
  bullmq.disconnect();
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

const forked = (side: string): ChildProcess => fork(process.argv[1] as string, [side], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });

/** ms for the whole, as that process measured it. */
async function workedOff(side: ChildProcess, order: LifecycleOrder): Promise<number> {
  side.send(order);
  const [answer] = (await Promise.race([once(side, 'message'), once(side, 'exit').then(([code]) => [{ exited: code as number }])])) as [
    { elapsedMs?: number; exited?: number },
  ];
  if (answer.elapsedMs === undefined) throw new Error(`A process of the bench ended with exit code ${answer.exited}.`);
  return answer.elapsedMs;
}
