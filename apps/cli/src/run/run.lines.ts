import { duration, shortened } from '../text/format';
import { ENDED, type RunProgress, type TaskStep } from './run.progress';

const SAID: Readonly<Record<TaskStep['what'], string>> = {
  asks: 'waits for an answer (torch approvals)',
  assigned: 'assigned to',
  started: 'started',
  completed: 'completed',
  'attempt-failed': 'attempt failed',
  retry: 'will be retried',
  failed: 'FAILED',
  'dead-lettered': 'GIVEN UP',
  cancelled: 'cancelled',
  skipped: 'skipped',
};
const DETAIL_CHARS_MAX = 200;

/** `lint  completed after 2.1 s`, without time and colour. */
export function stepText({ task, what, detail, durationMs }: TaskStep, keyWidth: number): string {
  const whom = what === 'assigned' ? ` ${task.agentId}` : '';
  const attempt = what === 'attempt-failed' || (what === 'assigned' && task.attempt > 1) ? ` (attempt ${task.attempt})` : '';
  const after = durationMs === undefined ? '' : ` after ${duration(durationMs)}`;
  const why = detail ? `: ${shortened(detail, DETAIL_CHARS_MAX)}` : '';
  return `${task.key.padEnd(keyWidth)}  ${SAID[what]}${whom}${attempt}${after}${why}`;
}

/** `12/40 done, 4 running, 1 failed, 23 waiting`. */
export function countsText(progress: RunProgress): string {
  const done = [...progress.tasks.values()].filter(({ status }) => ENDED.has(status)).length;
  const parts: [number, string][] = [
    [progress.count('assigned', 'running'), 'running'],
    [progress.count('ready', 'backing-off', 'delayed'), 'queued'],
    [progress.count('awaiting-approval'), 'waiting for approval'],
    [progress.count('blocked'), 'blocked'],
    [progress.count('failed'), 'failed'],
    [progress.count('dead-lettered'), 'given up'],
    [progress.count('cancelled'), 'cancelled'],
    [progress.count('skipped'), 'skipped'],
  ];
  return [`${done}/${progress.tasks.size} done`, ...parts.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []))].join(', ');
}

/** So wide that keys stand below each other, within reason. */
export function keyWidthOf(progress: RunProgress): number {
  return Math.min(32, Math.max(0, ...[...progress.tasks.values()].map(({ key }) => key.length)));
}
