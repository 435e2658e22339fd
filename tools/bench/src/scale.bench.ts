import { Commands, type CompleteTask, type TaskAssigned } from '@torch/contracts';
import { type ConnectedTorchClient, createTorchClient, LogTails, type ServiceHost } from '@torch/host';
import type { LogServer } from '@torch/log';
import { waitUntil } from '@torch/testing';
import type { BenchContext } from './bench';
import { benchHost } from './bench-host';
import { ceilingFigure, floorFigure, percentile, timeFigure } from './figure';
import { benchTask } from './payload';
import { BUILDERS, FLEET, registerFleet } from './scale-fleet';

const TASKS = 1_000_000;
const TASKS_A_RUN = 1000;
const RUNS_AT_A_TIME = 8;
/** Assignments that are timed, with a full queue. */
const ASSIGNMENTS = 5000;
const PROJECT = 'default';
const DEADLINE_MS = 600_000;
const ADMISSION = { project: PROJECT, actor: 'user:bench' } as const;

/** One partition with 100,000 agents and 1,000,000 queued tasks: the real host and log server, one round. */
export async function scale({ connect, progress }: BenchContext) {
  const server = await connect();
  const client = await createTorchClient(server, {
    config: { deadlineMs: DEADLINE_MS, resendAfterMs: DEADLINE_MS, resendAfterMsMax: DEADLINE_MS },
  });
  const partition = client.partitionOf(PROJECT);
  const registry = benchHost('registry', server);
  let scheduler = benchHost('scheduler', server);
  await registry.start();
  await scheduler.start();
  const registering = performance.now();
  await registerFleet(client);
  progress(`${FLEET} agents registered in ${seconds(registering)}`);
  await registry.stop();
  const assignments = await Assignments.follow(server, client, partition);
  const submitMs = await submitAll(client, progress);
  await waitUntil(() => assignments.live.size === BUILDERS, { what: 'every builder to have a task', deadlineMs: 60_000 });
  const busy = performance.now();
  const latencies = await assignments.keepBusy(ASSIGNMENTS);
  assignments.stop();
  progress(`${ASSIGNMENTS} tasks assigned to agents that had become free, in ${seconds(busy)}`);

  const stopping = performance.now();
  await scheduler.stop(); // Leaves a snapshot behind.
  progress(`the scheduler stopped, and left a snapshot, in ${seconds(stopping)}`);
  const bySnapshot = performance.now();
  scheduler = await restarted(server, partition);
  const snapshotMs = performance.now() - bySnapshot;
  progress(`again there from the snapshot in ${seconds(bySnapshot)}`);
  await scheduler.stop();
  await server.caches.set(partition, 'snapshot:scheduler', '{}');
  const byLog = performance.now();
  scheduler = await restarted(server, partition);
  const logMs = performance.now() - byLog;
  await scheduler.stop();
  await client.close();
  await server.close();
  return [
    floorFigure({ name: 'scale.submit', unit: 'tasks/s', values: [TASKS / (submitMs / 1000)] }),
    timeFigure({ name: 'scale.assign.p50', values: [percentile(latencies, 50)] }),
    timeFigure({ name: 'scale.assign.p99', values: [percentile(latencies, 99)] }),
    timeFigure({ name: 'scale.rebuild.snapshot', values: [snapshotMs], atMostMs: 5000 }),
    ceilingFigure({ name: 'scale.rebuild.log', unit: 's', values: [logMs / 1000] }),
  ];
}

/** ms for all tasks, a few runs at a time. */
async function submitAll(client: ConnectedTorchClient, progress: BenchContext['progress']): Promise<number> {
  const startedAt = performance.now();
  for (let run = 0; run < TASKS / TASKS_A_RUN; run += RUNS_AT_A_TIME) {
    const runs = Array.from({ length: RUNS_AT_A_TIME }, (_, n) => {
      const tasks = Array.from({ length: TASKS_A_RUN }, (_, i) => benchTask(`s${run + n}.${i}`, i));
      return client.command(Commands.SubmitRun, { ...ADMISSION, actor: `user:bench-${(run + n) % 50}` }, { runId: `s${run + n}`, tasks });
    });
    await Promise.all(runs);
    if (run % 100 === 0) progress(`${(run + RUNS_AT_A_TIME) * TASKS_A_RUN} tasks after ${seconds(startedAt)}`);
  }
  return performance.now() - startedAt;
}

async function restarted(server: LogServer, partition: number): Promise<ServiceHost> {
  const host = benchHost('scheduler', server);
  await host.start();
  const owns = async (): Promise<boolean> =>
    (await host.readiness()).partitions.some((found) => found.partition === partition && found.role === 'owner');
  await waitUntil(owns, { what: 'the scheduler to own its partition again', deadlineMs: 300_000, everyMs: 10 });
  return host;
}

/** What the builders have, as the log tells it. */
class Assignments {
  readonly live = new Map<string, TaskAssigned>();
  private onAssigned: (assigned: TaskAssigned) => void = () => undefined;

  private constructor(
    private readonly client: ConnectedTorchClient,
    private readonly tails: LogTails,
  ) {}

  static async follow(server: LogServer, client: ConnectedTorchClient, partition: number): Promise<Assignments> {
    const tails = new LogTails(server);
    const assignments = new Assignments(client, tails);
    const { seq } = await server.log.head(partition);
    tails.subscribe(partition, seq, {
      onCommit: ({ events }) => {
        for (const { type, data } of events) if (type === 'task.assigned') assignments.take(data as TaskAssigned);
      },
      onEnd: (error) => {
        throw error;
      },
    });
    return assignments;
  }

  private take(assigned: TaskAssigned): void {
    this.live.set(assigned.agentId, assigned);
    this.onAssigned(assigned);
  }

  /** Each builder completes what it has as soon as it has it. ms from its report to its next assignment, as often as asked for. */
  async keepBusy(times: number): Promise<number[]> {
    const sentAt = new Map<string, number>();
    const latencies: number[] = [];
    let failed: (error: unknown) => void;
    const complete = ({ taskId, attempt, assignment, agentId }: TaskAssigned): void => {
      const done: CompleteTask = { taskId, attempt, assignment, agentId, exitCode: 0, durationMs: 1 };
      sentAt.set(agentId, performance.now());
      this.client.command(Commands.CompleteTask, ADMISSION, done).catch((error: unknown) => failed(error));
    };
    await new Promise<void>((resolve, reject) => {
      failed = reject;
      this.onAssigned = (assigned) => {
        latencies.push(performance.now() - (sentAt.get(assigned.agentId) ?? NaN));
        if (latencies.length >= times) resolve();
        else complete(assigned);
      };
      for (const assigned of [...this.live.values()].slice(0, 10)) complete(assigned);
    });
    this.onAssigned = () => undefined;
    return latencies;
  }

  stop(): void {
    void this.tails.close();
  }
}

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;
