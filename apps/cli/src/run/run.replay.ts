import type { RunSubmitted, TaskAttemptFailed, TaskCompleted, TaskSubmitted } from '@torch/contracts';
import type { AnyEvent } from '@torch/kernel';
import { type CloudEvent, cloudEvent, decodeCommit } from '@torch/log';
import type { CliContext } from '../cli-context';
import { CliError } from '../cli.errors';
import { EXIT } from '../exit-code';
import { type History, withHistory } from '../history/history';
import { prunedNote } from '../history/history.fold';
import { ReplayClock } from './replay.clock';
import { summary } from './run.plan';
import { RunProgress, type WatchedTask, WATCHED_TYPES } from './run.progress';
import { rendererFor } from './run.renderer';
import type { RunResult } from './run.result';

export const SPEED_MIN = 0.01;
export const SPEED_MAX = 1_000_000;

export interface ReplayRunOptions {
  /** How many times as fast as it was; `Infinity` for without a pause. */
  readonly speed: number;
  readonly archive?: string;
}

/** A run as it was submitted. */
interface SubmittedRun {
  readonly runId: string;
  readonly submittedAtMs: number;
  readonly tasks: ReadonlyMap<string, WatchedTask>;
}

type Outcome = Pick<RunResult['results'][number], 'exitCode' | 'durationMs'>;

/**
 * Shows a run again as it happened, from its submission to its end or that of the history. Nothing is sent to anybody.
 *
 * @throws CliError 1 when the history knows no such run.
 */
export async function replayRun(context: CliContext, runId: string, { speed, archive }: ReplayRunOptions): Promise<number> {
  return withHistory(context, { archive }, async (history) => {
    const run = await submittedRun(history, runId);
    const clock = new ReplayClock(run.submittedAtMs, speed);
    const progress = new RunProgress(runId, run.tasks, clock.nowMs);
    const { io } = context;
    const stream = context.json ? io.stderr : io.stdout;
    stream.write(
      `Run ${runId} in project ${history.project}: ${run.tasks.size} tasks, as of ${new Date(run.submittedAtMs).toISOString()}.\n`,
    );
    const stopped = new AbortController();
    const stopListening = io.onStopSignal(() => stopped.abort());
    const renderer = rendererFor(stream, io.env, progress);
    const outcomes = new Map<string, Outcome>();
    let ended: CloudEvent | undefined;
    let lastMs = run.submittedAtMs;
    try {
      for await (const event of eventsOf(history, run)) {
        const atMs = Date.parse(event.time);
        await clock.until(atMs, stopped.signal);
        if (stopped.signal.aborted) break;
        lastMs = atMs;
        noteOutcome(event, outcomes);
        const step = progress.apply(event);
        if (step) renderer.step(step);
        // A task that is asked for again takes its run up again.
        if (event.type === 'run.ended' || event.type === 'task.requeued') ended = event.type === 'run.ended' ? event : undefined;
      }
    } finally {
      renderer.close();
      stopListening();
    }
    if (stopped.signal.aborted) return EXIT.interrupted;
    const pruned = prunedNote(history);
    if (pruned !== undefined) context.note(pruned);
    const { status = 'running' } = (ended?.data ?? {}) as { status?: RunResult['status'] };
    const result = replayedResult(progress, { project: history.project, status, durationMs: lastMs - run.submittedAtMs, outcomes });
    context.answer(result, () => (ended ? summary(result) : `The history ends here; run ${runId} has not.`));
    return EXIT.done;
  });
}

async function submittedRun(history: History, runId: string): Promise<SubmittedRun> {
  const { index, project } = history;
  const tasks = new Map<string, WatchedTask>();
  let submittedAtMs: number | undefined;
  for await (const entry of index.entriesAt(await index.seqsOf([`run/${runId}`]))) {
    const { events, recordedAtMs } = decodeCommit(entry, (type) => type === 'run.submitted' || type === 'task.submitted');
    for (const event of events) {
      if (event.project !== project || (event.data as RunSubmitted | TaskSubmitted).runId !== runId) continue;
      if (event.type === 'run.submitted') submittedAtMs = recordedAtMs;
      else {
        const { taskId, key, title, dependsOn } = (event.data as TaskSubmitted).spec;
        tasks.set(taskId, { key, title, status: dependsOn.length > 0 ? 'blocked' : 'ready', attempt: 0, sinceMs: recordedAtMs });
      }
    }
  }
  if (submittedAtMs !== undefined) return { runId, submittedAtMs, tasks };
  throw new CliError(
    EXIT.failed,
    'unknown-run',
    `The history of project ${project} knows no run ${runId}. See which there were with "torch audit events --types run.submitted", or name another project with --project.`,
  );
}

/** What moved the run's tasks on, in order. */
async function* eventsOf({ index, partition, project }: History, { runId, tasks }: SubmittedRun): AsyncGenerator<CloudEvent, void, void> {
  const seqs = await index.seqsOf([`run/${runId}`, ...[...tasks.keys()].map((taskId) => `task/${taskId}`)]);
  const isOfRun = ({ project: of, data }: AnyEvent): boolean => {
    const named = data as { taskId?: string; runId?: string };
    return of === project && (named.runId === runId || (named.taskId !== undefined && tasks.has(named.taskId)));
  };
  for await (const entry of index.entriesAt(seqs)) {
    const { position, recordedAtMs, events, indexes } = decodeCommit(entry, (type) => WATCHED_TYPES.includes(type));
    for (const [i, event] of events.entries()) {
      if (isOfRun(event)) yield cloudEvent(event, { partition, position, index: indexes?.[i] ?? i }, recordedAtMs);
    }
  }
}

function noteOutcome({ type, data }: CloudEvent, outcomes: Map<string, Outcome>): void {
  if (type !== 'task.completed' && type !== 'task.attempt-failed') return;
  const { taskId, exitCode, durationMs } = data as TaskCompleted | TaskAttemptFailed;
  outcomes.set(taskId, { exitCode, durationMs });
}

function replayedResult(
  progress: RunProgress,
  {
    project,
    status,
    durationMs,
    outcomes,
  }: Pick<RunResult, 'project' | 'status' | 'durationMs'> & { readonly outcomes: ReadonlyMap<string, Outcome> },
): RunResult {
  return {
    runId: progress.runId,
    project,
    status,
    durationMs,
    tasks: {
      total: progress.tasks.size,
      completed: progress.count('completed'),
      failed: progress.count('failed'),
      cancelled: progress.count('cancelled'),
      deadLettered: progress.count('dead-lettered'),
      skipped: progress.count('skipped'),
    },
    results: [...progress.tasks].map(([taskId, { key, status: how, attempt, agentId }]) => ({
      key,
      taskId,
      status: how,
      attempts: attempt,
      agentId,
      ...outcomes.get(taskId),
    })),
  };
}
