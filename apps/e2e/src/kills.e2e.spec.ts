import { SERVICE_NAMES, type TaskView } from '@torch/contracts';
import { decodeCommit, partitionOf, PARTITIONS_DEFAULT } from '@torch/log';
import { connectLogServer } from '@torch/log-dragonfly';
import { SeededRandom, waitUntil } from '@torch/testing';
import { runningTorch, type RunResult, type Torch } from './torch.fixture';

const TASKS = 300;
const AGENTS = 4;
const SEED = Number(process.env.TORCH_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
const RECOVERY_MS_MAX = 30_000;

/** Chains and joins: every task behind the first ones depends on one or two earlier ones. */
function layeredPlan(random: SeededRandom) {
  const tasks = Array.from({ length: TASKS }, (_, i) => {
    const dependsOn = i < 20 ? [] : [...new Set([random.int(0, i - 1), random.int(Math.max(0, i - 20), i - 1)])].map((d) => `t${d}`);
    return { key: `t${i}`, role: 'worker', run: `echo ${i} >> ran.txt`, dependsOn, timeout: '60s', retries: 20 };
  });
  return { name: 'kills', agents: [{ role: 'worker', count: AGENTS }], tasks };
}

describe('a plan of 300 tasks, while every process is killed once', () => {
  const torch = runningTorch();

  it('ends with every task completed, each by exactly one result that was applied', async () => {
    console.log(`seed ${SEED} (TORCH_TEST_SEED)`);
    const random = new SeededRandom(SEED);
    const running = torch.json<RunResult>('run', torch.plan('plan.json', layeredPlan(random)));
    const runId = await waitUntil(() => newestRun(torch), { what: 'the run to be submitted', deadlineMs: RECOVERY_MS_MAX });
    for (const victim of random.shuffle([...SERVICE_NAMES, 'log'])) {
      await completed(torch, runId, random.int(5, 30));
      const pid = torch.pidOf(victim);
      process.kill(pid, 'SIGKILL');
      const killedAt = performance.now();
      await waitUntil(() => torch.pidOf(victim) !== pid && (victim === 'log' || serviceIsReady(torch, victim)), {
        what: `${victim} to be there again`,
        deadlineMs: RECOVERY_MS_MAX,
      });
      await completed(torch, runId, 1);
      console.log(`kill -9 of ${victim}: work goes on after ${Math.round(performance.now() - killedAt)} ms`);
    }
    const result = await running;
    expect(result).toMatchObject({
      status: 'completed',
      tasks: { total: TASKS, completed: TASKS, failed: 0, cancelled: 0, deadLettered: 0 },
    });
    const applied = await resultsInLog(torch);
    expect(applied.size).toBe(TASKS);
    expect([...applied.values()].every((count) => count === 1)).toBe(true);
    const replay = await torch.json<{ equal: boolean }>('log', 'replay');
    expect(replay).toMatchObject({ equal: true });
  }, 240_000);
});

async function newestRun(torch: Torch): Promise<string | undefined> {
  const { runs } = (await (await torch.http('GET', '/v1/projects/default/runs')).json()) as { runs: { runId: string }[] };
  return runs[0]?.runId;
}

const serviceIsReady = (torch: Torch, name: string): boolean =>
  torch.state().services.some((service) => service.name === name && service.phase === 'ready');

/** Waits until this many more tasks are completed than now, or all of them. */
async function completed(torch: Torch, runId: string, more: number): Promise<void> {
  const count = async (): Promise<number> => {
    const answer = await torch.http('GET', `/v1/projects/default/runs/${runId}`);
    return answer.ok ? ((await answer.json()) as { completed: number }).completed : Number.NaN;
  };
  const start = await waitUntil(async () => (Number.isNaN(await count()) ? undefined : { count: await count() }), {
    what: 'the gateway to answer',
    deadlineMs: RECOVERY_MS_MAX,
  });
  await waitUntil(async () => (await count()) >= Math.min(TASKS, start.count + more), {
    what: `${more} more tasks`,
    deadlineMs: RECOVERY_MS_MAX,
    everyMs: 25,
  });
}

/** How often each task's completion is in the log. */
async function resultsInLog(torch: Torch): Promise<Map<string, number>> {
  const server = await connectLogServer({ url: torch.state().logUrl });
  const counts = new Map<string, number>();
  try {
    const partition = partitionOf('default', PARTITIONS_DEFAULT);
    for (let seq = 0; ;) {
      const entries = await server.log.read(partition, seq, 1000);
      if (entries.length === 0) return counts;
      for (const { events } of entries.map((entry) => decodeCommit(entry))) {
        for (const { type, data } of events) {
          const { taskId } = data as Pick<TaskView['spec'], 'taskId'>;
          if (type === 'task.completed') counts.set(taskId, (counts.get(taskId) ?? 0) + 1);
        }
      }
      seq = entries[entries.length - 1]?.position.seq ?? seq;
    }
  } finally {
    await server.close();
  }
}
