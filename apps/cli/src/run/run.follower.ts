import { GatewayProblem, type ProjectClient, type RunAccepted } from '@torch/agent';
import { setTimeout as delay } from 'node:timers/promises';
import { allTasks } from './run.result';
import { ENDED, type RunProgress, type TaskStep, WATCHED_TYPES } from './run.progress';

/** How often the run is asked for beside listening to its events, so that a missed event costs seconds and not the end. */
export const POLL_EVERY_MS = 3000;
/** A gateway that stays away for longer ends the watching; the run itself goes on. */
export const GIVE_UP_AFTER_MS = 10 * 60_000;

export interface RunWatch {
  readonly project: ProjectClient;
  /** `position` is that of the submission; without it events from now on are listened to, and the run is asked for at once. */
  readonly accepted: Pick<RunAccepted, 'runId'> & { readonly position?: string };
  readonly progress: RunProgress;
  readonly signal: AbortSignal;
  onStep(step: TaskStep): void;
  /** The gateway went away, or is there again. */
  onConnection(connected: boolean): void;
}

/**
 * Follows a run by the project's events, over any number of connections, until it has ended.
 *
 * @returns false when `signal` ended it first. @throws GatewayUnreachable when the gateway stays away for 10 minutes.
 */
export async function followRun(watch: RunWatch): Promise<boolean> {
  const ended = new AbortController();
  const signal = AbortSignal.any([watch.signal, ended.signal]);
  const listening = listen(watch, signal).then((hasEnded) => {
    if (hasEnded) ended.abort();
  });
  const polling = poll(watch, signal).then((hasEnded) => {
    if (hasEnded) ended.abort();
  });
  try {
    await Promise.all([listening, polling]);
  } finally {
    ended.abort();
    await Promise.allSettled([listening, polling]);
  }
  return !watch.signal.aborted;
}

/** True once the run's end was among the events; false when the events cannot be listened to. */
async function listen({ project, accepted, progress, onStep, onConnection }: RunWatch, signal: AbortSignal): Promise<boolean> {
  // Events of the commit that submitted the run, too: an idle agent may be assigned in the same one.
  const after = accepted.position === undefined ? undefined : Math.max(0, Number(accepted.position.split('-')[0]) - 1);
  const events = project.tailEvents(
    { types: WATCHED_TYPES, after },
    {
      signal,
      giveUpMs: GIVE_UP_AFTER_MS,
      onConnected: () => onConnection(true),
      onDisconnected: () => signal.aborted || onConnection(false),
    },
  );
  try {
    for await (const event of events) {
      const step = progress.apply(event);
      if (step) onStep(step);
      if (event.type === 'run.ended' && (event.data as { runId?: string }).runId === accepted.runId) return true;
    }
  } catch (error) {
    // Refused for good, for example by a proxy that knows no streams: polling goes on alone.
    if (!(error instanceof GatewayProblem)) throw error;
  }
  return false;
}

async function poll({ project, accepted, progress, onStep }: RunWatch, signal: AbortSignal): Promise<boolean> {
  const patience = { signal, retry: { attemptsMax: Number.POSITIVE_INFINITY, budgetMs: GIVE_UP_AFTER_MS } };
  for (let first = accepted.position === undefined; ; first = false) {
    await delay(first ? 0 : POLL_EVERY_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return false;
    try {
      const run = await project.getRun(accepted.runId, patience);
      const ended = run.completed + run.failed + run.cancelled + run.deadLettered + run.skipped;
      if (run.status === 'running' && ended === progress.count(...ENDED)) continue;
      for (const task of await allTasks(project, accepted.runId)) {
        const step = progress.catchUp(task);
        if (step) onStep(step);
      }
      if (run.status !== 'running') return true;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }
}
