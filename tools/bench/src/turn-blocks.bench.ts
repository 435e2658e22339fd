import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Commands } from '@torch/contracts';
import { type ConnectedTorchClient, createTorchClient, LogTails, type ServiceHost } from '@torch/host';
import type { LogServer } from '@torch/log';
import { waitUntil } from '@torch/testing';
import type { BenchContext } from './bench';
import { benchHost } from './bench-host';
import { type Figure, timeFigure } from './figure';
import { benchTask } from './payload';

const DEADLINE_MS = 600_000;
const TASKS_A_RUN = 1000;
const DEPENDANTS = 100_000;
const MOMENTS = 135_000;
/** Between the last submission and the moment that all tasks wait for. */
const MOMENT_AHEAD_MS = 60_000;
const AGENTS = 10_000;
const PROJECTS = 10_000;
const BLOCK_MS_MAX = 50;
/** How finely the event loop is looked at, ms; a look that comes in time counts as no block. */
const RESOLUTION_MS = 5;

/**
 * The longest time for which the scheduler's process did nothing else, while it worked off what one command, or one moment, leads to
 * in a large project. The real host and log server, one round; each figure has a project of its own.
 */
export async function turnBlocks({ connect, progress }: BenchContext): Promise<readonly Figure[]> {
  const server = await connect();
  const config = { deadlineMs: DEADLINE_MS, resendAfterMs: DEADLINE_MS, resendAfterMsMax: DEADLINE_MS };
  const client = await createTorchClient(server, { config });
  const bench = new LargeProjects(server, client, progress);
  const figures = [await bench.dependants(), await bench.moments(), await bench.stopAll(), await bench.firstTurn()];
  await bench.stop();
  await client.close();
  await server.close();
  return figures;
}

class LargeProjects {
  private scheduler: ServiceHost | undefined;

  constructor(
    private readonly server: LogServer,
    private readonly client: ConnectedTorchClient,
    private readonly progress: BenchContext['progress'],
  ) {}

  async dependants(): Promise<Figure> {
    await this.start();
    await this.submit('dependants', 1, 'root', {});
    await this.submit('dependants', DEPENDANTS, 'waits', { dependsOn: ['root.0'] });
    return this.longest('turn.block.dependants', 'dependants', { type: 'task.skipped', count: DEPENDANTS }, () =>
      this.client.command(Commands.CancelTask, { project: 'dependants', actor: 'user:bench' }, { taskId: 'root.0', reason: 'No.' }),
    );
  }

  async moments(): Promise<Figure> {
    const notBeforeMs = Date.now() + MOMENT_AHEAD_MS;
    await this.submit('moments', MOMENTS, 'later', { notBeforeMs });
    const leftMs = notBeforeMs - Date.now();
    if (leftMs <= 0) throw new Error(`${MOMENTS} tasks were not submitted within ${MOMENT_AHEAD_MS} ms.`);
    return this.longest('turn.block.moments', 'moments', { type: 'task.requeued', count: MOMENTS }, async () => undefined);
  }

  async stopAll(): Promise<Figure> {
    const admission = { project: 'stopped', actor: 'user:bench' };
    const registry = benchHost('registry', this.server);
    await registry.start();
    for (let from = 0; from < AGENTS; from += 1000) {
      const some = Array.from({ length: 1000 }, (_, n) =>
        this.client.command(Commands.RegisterAgent, admission, {
          agentId: `agent-${from + n}`,
          role: 'developer',
          skills: ['typescript:3'],
          harness: 'bench',
          instance: 'i',
          capacity: 1,
        }),
      );
      await Promise.all(some);
    }
    await registry.stop();
    const assigned = this.seen('stopped', { type: 'task.assigned', count: AGENTS });
    await this.submit('stopped', AGENTS, 'live', {});
    await assigned;
    return this.longest('turn.block.stop-all', 'stopped', { type: 'task.attempt-failed', count: AGENTS }, () =>
      this.client.command(Commands.StopWork, admission, { reason: '\u{1F6D1}'.repeat(1000) }),
    );
  }

  async firstTurn(): Promise<Figure> {
    for (let from = 0; from < PROJECTS; from += 500)
      await Promise.all(Array.from({ length: 500 }, (_, n) => this.submit(`project-${from + n}`, 1, 'r', {})));
    await this.stop();
    return this.longest('turn.block.first-turn', undefined, undefined, async () => {
      await this.start();
      const last = `project-${PROJECTS - 1}`;
      await this.client.command(Commands.StopWork, { project: last, actor: 'user:bench' }, { reason: 'It is there.' });
    });
  }

  async start(): Promise<void> {
    this.scheduler = benchHost('scheduler', this.server);
    await this.scheduler.start();
    const { scheduler } = this;
    await waitUntil(async () => (await scheduler.readiness()).partitions.every(({ role }) => role === 'owner'), {
      what: 'the scheduler to own everything',
      deadlineMs: 60_000,
    });
  }

  async stop(): Promise<void> {
    await this.scheduler?.stop();
  }

  private async submit(project: string, tasks: number, prefix: string, more: object): Promise<void> {
    for (let from = 0; from < tasks; from += TASKS_A_RUN) {
      const runId = tasks === 1 ? prefix : `${prefix}-${from / TASKS_A_RUN}`;
      const count = Math.min(TASKS_A_RUN, tasks - from);
      const specs = Array.from({ length: count }, (_, i) => ({ ...benchTask(`${runId}.${i}`, i), ...more }));
      await this.client.command(Commands.SubmitRun, { project, actor: 'user:bench' }, { runId, tasks: specs });
    }
    if (tasks > 1) this.progress(`${tasks} tasks are in project ${project}`);
  }

  /** While `act` and all that follows from it is worked off. */
  private async longest(
    name: string,
    project: string | undefined,
    what: Counted | undefined,
    act: () => Promise<unknown>,
  ): Promise<Figure> {
    const followed = project !== undefined && what ? this.seen(project, what) : Promise.resolve();
    const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    delay.enable();
    await act();
    await followed;
    delay.disable();
    const longestMs = Math.max(0, delay.max / 1e6 - RESOLUTION_MS);
    return timeFigure({ name, values: [longestMs], atMostMs: BLOCK_MS_MAX });
  }

  /** Resolves once so many events of a type were appended from now on; what is read is counted as text, which costs the process little. */
  private async seen(project: string, { type, count }: Counted): Promise<void> {
    const tails = new LogTails(this.server);
    const partition = this.client.partitionOf(project);
    const { seq } = await this.server.log.head(partition);
    let found = 0;
    await new Promise<void>((resolve, reject) => {
      tails.subscribe(partition, seq, {
        onCommit: ({ body }) => {
          found += body.split(`"type":"${type}"`).length - 1;
          if (found >= count) resolve();
        },
        onEnd: reject,
      });
    });
    await tails.close();
  }
}

interface Counted {
  readonly type: string;
  readonly count: number;
}
