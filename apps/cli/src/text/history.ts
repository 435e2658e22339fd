import type { CloudEvent } from '@torch/agent';
import { dateTime, duration, shortened, timeOfDay } from './format';
import { table } from './table';

const WHY_CHARS_MAX = 120;

/** The fields that tell who, which and why, in whatever event they occur. */
interface Told {
  readonly attempt?: number;
  readonly agentId?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly note?: string;
  readonly exitCode?: number;
  readonly durationMs?: number;
}

/** Events as people read them, oldest first: when, what, who caused it, which attempt, which agent, how it came out and why. */
export function historyTable(events: readonly CloudEvent[]): string {
  const rows = events.map(({ time, type, torchactor, data }) => {
    const { attempt, agentId, exitCode, durationMs } = data as Told;
    return [
      `${dateTime(Date.parse(time)).slice(0, 10)} ${timeOfDay(time)}`,
      type,
      torchactor,
      String(attempt ?? ''),
      agentId ?? '',
      String(exitCode ?? ''),
      durationMs === undefined ? '' : duration(durationMs),
      why(data as Told),
    ];
  });
  return table(['TIME', 'EVENT', 'BY', 'ATTEMPT', 'AGENT', 'EXIT', 'TOOK', 'WHY'], rows);
}

/** One event on one line, for a log that goes by. */
export function eventLine({ id, time, type, subject, torchactor, data }: CloudEvent): string {
  const { attempt, agentId } = data as Told;
  const detail = [
    attempt === undefined ? '' : `attempt ${attempt}`,
    agentId && subject !== `agent/${agentId}` ? agentId : '',
    why(data as Told),
  ];
  return `${timeOfDay(time)}  ${position(id)}  ${type.padEnd(22)}  ${subject}  by ${torchactor}  ${detail.filter(Boolean).join(', ')}`.trimEnd();
}

function why({ reason, message, note }: Told): string {
  const said = [reason, message, note].filter((part) => part !== undefined);
  return shortened(said.join(': '), WHY_CHARS_MAX);
}

/** `3/41-0/0` → `41-0`. */
const position = (id: string): string => (id.split('/')[1] ?? id).padStart(7);
