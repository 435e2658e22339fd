import { Commands, type CompleteTask, type SubmitRun, type TaskAssigned } from '@torch/contracts';
import { createTorchClient, LogTails } from '@torch/host';
import { connectLogServer } from '@torch/log-dragonfly';
import { type LifecycleOrder, RUNS_AT_A_TIME, TASKS_A_RUN } from './lifecycle';
import { benchTask } from './payload';

const PROJECT = 'default';
const ACTOR = 'user:bench' as const;
const DEADLINE_MS = 120_000;
/** What an agent wants to know. */
const NEWS = new Set(['task.assigned', 'task.completed']);

/**
 * Simulated agents: submits every task, a few runs at a time, takes what the log assigns to the agents, and completes it
 * at once. Ends when every task's completion is in the log; gives the time from the first submission to there, ms.
 */
export async function runAgents({ url, round, tasks }: LifecycleOrder): Promise<number> {
  const server = await connectLogServer({ url });
  const client = await createTorchClient(server, { config: { deadlineMs: DEADLINE_MS } });
  const tails = new LogTails(server);
  const partition = client.partitionOf(PROJECT);
  const admission = { project: PROJECT, actor: ACTOR, correlationId: `bench-${round}` };
  const head = await server.log.head(partition);
  const completed = new Set<string>();
  let finish: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const done = new Promise<void>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  const complete = (data: CompleteTask): void => {
    client.command(Commands.CompleteTask, admission, data).catch(fail);
  };
  const stop = tails.subscribe(partition, head.seq, {
    onCommit: (commit) => {
      for (const { type, data } of commit.only(NEWS).events) {
        if (type === 'task.assigned') {
          const { taskId, attempt, assignment, agentId } = data as TaskAssigned;
          complete({ taskId, attempt, assignment, agentId, exitCode: 0, durationMs: 0 });
        } else if (type === 'task.completed') {
          completed.add((data as { taskId: string }).taskId);
          if (completed.size === tasks) finish();
        }
      }
    },
    onEnd: fail,
  });
  const runs: SubmitRun[] = Array.from({ length: Math.ceil(tasks / TASKS_A_RUN) }, (_, r) => ({
    runId: `bench-${round}-${r}`,
    tasks: Array.from({ length: Math.min(TASKS_A_RUN, tasks - r * TASKS_A_RUN) }, (_, i) =>
      benchTask(`b${round}.${r * TASKS_A_RUN + i}`, r * TASKS_A_RUN + i),
    ),
  }));
  const startedAt = performance.now();
  for (let at = 0; at < runs.length; at += RUNS_AT_A_TIME)
    await Promise.all(runs.slice(at, at + RUNS_AT_A_TIME).map((data) => client.command(Commands.SubmitRun, admission, data)));
  await done;
  const elapsedMs = performance.now() - startedAt;
  stop();
  await tails.close();
  await client.close();
  await server.close();
  return elapsedMs;
}
