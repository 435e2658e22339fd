import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { registryCommands, schedulerCommands } from '@torch/contracts';
import { createTorchClient, LogTails } from '@torch/host';
import { connectLogServer } from '@torch/log-dragonfly';
import type { BenchContext } from './bench';
import { benchHost } from './bench-host';
import { timeFigure } from './figure';
import { benchTask } from './payload';

const PROJECT = 'default';
const SUBMIT_EVERY_MS = 25;
const DEADLINE_MS = 30_000;
const admission = { project: PROJECT, actor: 'user:bench' };

/** One instance of the scheduler, in a process of its own, until it is killed. */
export async function serveScheduler(url: string): Promise<void> {
  const host = benchHost('scheduler', await connectLogServer({ url }));
  await host.start();
  while (!(await host.readiness()).ready) await pause(10);
  process.send?.({ ready: true, instance: host.instance });
}

/** Time from kill -9 of the scheduler's owner, with a standby at hand, to the next assignment in the log. */
export async function failoverScheduler({ connect, newUrl, rounds, progress }: BenchContext) {
  const server = await connect();
  const registry = benchHost('registry', server);
  await registry.start();
  const client = await createTorchClient(server, { config: { deadlineMs: DEADLINE_MS } });
  const tails = new LogTails(server);
  const partition = client.partitionOf(PROJECT);
  const capacity = 1000;
  const agent = { agentId: 'bench-agent', role: 'developer', skills: ['typescript'], harness: 'bench', instance: 'i', capacity };
  await client.command(registryCommands[1], admission, agent);

  const values: number[] = [];
  let owner = await startScheduler(newUrl());
  for (let round = 0; round < rounds; round++) {
    const standby = await startScheduler(newUrl());
    const assigned = watchAssignments(tails, partition, (await server.log.head(partition)).seq);
    const submitting = submitSteadily(client, round);
    await assigned.next(0);
    owner.kill('SIGKILL');
    const killedAtMs = Date.now();
    await once(owner, 'exit');
    values.push((await assigned.next(killedAtMs)) - killedAtMs);
    progress(`failover.scheduler round ${round + 1}: ${values[values.length - 1]} ms`);
    await submitting.stop();
    assigned.stop();
    owner = standby;
  }
  owner.kill('SIGKILL');
  await tails.close();
  await client.close();
  await registry.stop();
  await server.close();
  return [timeFigure({ name: 'failover.scheduler', values, atMostMs: 5000 })];
}

async function startScheduler(url: string): Promise<ChildProcess> {
  const child = fork(process.argv[1] as string, ['--scheduler', url], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'message');
  return child;
}

/** Tells when the next assignment comes into the log that was decided after a moment. */
function watchAssignments(tails: LogTails, partition: number, afterSeq: number) {
  const waiting = new Set<{ afterMs: number; resolve: (atMs: number) => void }>();
  const stop = tails.subscribe(partition, afterSeq, {
    onCommit: ({ commit: { events, recordedAtMs } }) => {
      if (!events.some(({ type }) => type === 'task.assigned')) return;
      for (const wait of waiting) {
        if (recordedAtMs <= wait.afterMs) continue;
        waiting.delete(wait);
        wait.resolve(Date.now());
      }
    },
    onEnd: (error) => {
      throw error;
    },
  });
  return { stop, next: (afterMs: number) => new Promise<number>((resolve) => waiting.add({ afterMs, resolve })) };
}

function submitSteadily(client: Awaited<ReturnType<typeof createTorchClient>>, round: number) {
  let stopped = false;
  const pending = new Set<Promise<unknown>>();
  const loop = (async () => {
    for (let i = 0; !stopped; i++) {
      const run = { runId: `failover-${round}-${i}`, tasks: [benchTask(`f${round}.${i}`, i)] };
      const sent = client.command(schedulerCommands[0], admission, run).finally(() => pending.delete(sent));
      pending.add(sent);
      await pause(SUBMIT_EVERY_MS);
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await loop;
      await Promise.all(pending);
    },
  };
}

const pause = (ms: number): Promise<void> => new Promise((over) => setTimeout(over, ms));
