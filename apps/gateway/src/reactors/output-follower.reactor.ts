import { Inject, Injectable } from '@nestjs/common';
import { Queries, type TaskAssigned, type TaskView } from '@torch/contracts';
import { LogTails, type TailedCommit } from '@torch/host';
import type { LogServer } from '@torch/log';
import { LOG_SERVER, NotFound } from '@torch/platform';
import { OpenStreams } from '../adapters/open-streams.adapter';
import { type AttemptRef, OutputStore } from '../adapters/output-store.adapter';
import { Owners } from '../adapters/owners.adapter';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';

const READ_BYTES = 64 * 1024;
const LIVE: readonly string[] = ['assigned', 'running'];
const ENDED: readonly string[] = ['completed', 'failed', 'dead-lettered', 'cancelled'];

/** Reads outputs, and follows those of live attempts until the log says that they have ended. */
@Injectable()
export class OutputFollower {
  constructor(
    private readonly owners: Owners,
    private readonly store: OutputStore,
    private readonly tails: LogTails,
    private readonly streams: OpenStreams,
    @Inject(LOG_SERVER) private readonly server: LogServer,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  /** @throws NotFound when there is no such task. */
  async task(project: string, taskId: string): Promise<TaskView> {
    const { task } = await this.owners.query(Queries.GetTask, project, { taskId });
    if (!task) throw new NotFound('unknown-task', `There is no task "${taskId}".`);
    return task;
  }

  /** What there is now. */
  async *read(ref: AttemptRef, offset: number): AsyncGenerator<Buffer> {
    for (let at = offset; ;) {
      const bytes = await this.store.read(ref, at, READ_BYTES);
      if (bytes.length === 0) return;
      at += bytes.length;
      yield bytes;
    }
  }

  /** What there is and what comes, until the attempt has ended. @throws as `task`, before anything is read. */
  async follow(ref: AttemptRef, offset: number): Promise<AsyncGenerator<Buffer>> {
    const following = new Following(ref);
    const leave = this.streams.join({ end: () => following.over() });
    try {
      const stop = await this.watch(ref, following);
      // Asked after the log is followed, so that the end does not fall in between.
      const task = await this.task(ref.project, ref.taskId);
      if (hasEnded(task, ref.attempt)) following.over();
      else if (task.attempt === ref.attempt) following.assigned(task.assignment);
      const done = (): void => {
        stop();
        leave();
      };
      return this.readUntilEnd(offset, following, done);
    } catch (error) {
      leave();
      throw error;
    }
  }

  private async *readUntilEnd(offset: number, following: Following, done: () => void): AsyncGenerator<Buffer> {
    try {
      for (let at = offset; ;) {
        const last = following.ended; // Looked at before reading: what was written before the end is read after it.
        const bytes = following.hasOutput ? await this.store.read(following.ref, at, READ_BYTES) : Buffer.alloc(0);
        if (bytes.length > 0) {
          at += bytes.length;
          yield bytes;
        } else if (last) return;
        else await following.change(this.config.outputPollMs);
      }
    } finally {
      done();
    }
  }

  private async watch(ref: AttemptRef, following: Following): Promise<() => void> {
    const partition = this.owners.partitionOf(ref.project);
    const head = await this.server.log.head(partition);
    const unsubscribe = this.tails.subscribe(partition, head.seq, {
      onCommit: (commit: TailedCommit) => following.see(commit),
      onEnd: () => following.over(), // The caller asks again from where its output ends.
    });
    const unwatch = this.store.watch(ref, () => following.wake());
    return () => {
      unsubscribe();
      unwatch();
    };
  }
}

function hasEnded({ attempt: latest, status }: TaskView, attempt: number): boolean {
  if (ENDED.includes(status) || latest > attempt) return true;
  return latest === attempt && !LIVE.includes(status);
}

/** One followed attempt: wakes when its output grows, and knows when it has ended. */
class Following {
  ended = false;
  private woken: () => void = () => undefined;
  private readonly subject: string;

  constructor(public ref: AttemptRef) {
    this.subject = `task/${ref.taskId}`;
  }

  /** Before its assignment an attempt has none: what there may be under its number is of another history. */
  get hasOutput(): boolean {
    return this.ended || this.ref.assignment !== undefined;
  }

  assigned(assignment: string | undefined): void {
    this.ref = { ...this.ref, assignment };
  }

  see({ events }: TailedCommit): void {
    for (const { type, project, subject, data } of events) {
      if (subject !== this.subject || project !== this.ref.project) continue;
      const ofAttempt = (data as { attempt?: number }).attempt === this.ref.attempt;
      if (ofAttempt && type === 'task.assigned') this.assigned((data as TaskAssigned).assignment);
      const taskOver = type === 'task.cancelled' || type === 'task.failed' || type === 'task.dead-lettered';
      if (taskOver || (ofAttempt && (type === 'task.completed' || type === 'task.attempt-failed'))) this.over();
    }
  }

  over(): void {
    this.ended = true;
    this.wake();
  }

  wake(): void {
    this.woken();
  }

  /** Resolves at the next change, and after `pollMs` at the latest: another process may have written. */
  async change(pollMs: number): Promise<void> {
    if (this.ended) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.woken = resolve;
      timer = setTimeout(resolve, pollMs);
    });
    clearTimeout(timer);
  }
}
