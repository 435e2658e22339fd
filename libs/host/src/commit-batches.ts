import { COMMIT_BYTES_MAX, type CommitHeader, type Consumed } from '@torch/log';
import { HEADER_BYTES_MAX, type Unit } from './turn';

/** The texts of a turn's commits, and what the last one has consumed. */
export interface CommitBatch {
  readonly bodies: readonly string[];
  /** For each body, how many units it holds. */
  readonly unitCounts: readonly number[];
  readonly consumed: Consumed;
}

/**
 * Puts a turn's units into as few commits as fit. Each commit says how far the queue is consumed at its own end, so
 * that even a torn append, of which only the first commits survive, loses and repeats nothing.
 */
export function commitBatch(
  units: readonly Unit[],
  header: Omit<CommitHeader, 'consumed' | 'answers'>,
  foreignSeq: number,
  before: Consumed,
): CommitBatch {
  const bodies: string[] = [];
  const unitCounts: number[] = [];
  let consumed: Consumed = { ...before, seq: foreignSeq };
  let from = 0;
  do {
    const to = endOfCommit(units, from);
    const last = units[to - 1];
    if (last) consumed = { entry: last.entry, commands: last.commands, seq: foreignSeq };
    bodies.push(encode(units.slice(from, to), { ...header, consumed }));
    unitCounts.push(to - from);
    from = to;
  } while (from < units.length);
  return { bodies, unitCounts, consumed };
}

function endOfCommit(units: readonly Unit[], from: number): number {
  let bytes = HEADER_BYTES_MAX;
  let to = from;
  while (to < units.length) {
    bytes += (units[to] as Unit).bytes;
    if (bytes > COMMIT_BYTES_MAX && to > from) break;
    to++;
  }
  return to;
}

/** By hand, because every event and answer has been turned into text once already. */
function encode(units: readonly Unit[], header: Omit<CommitHeader, 'answers'>): string {
  const answers: string[] = [];
  const events: string[] = [];
  for (const unit of units) {
    if (unit.answerText !== undefined) answers.push(unit.answerText);
    for (const event of unit.events) events.push(event);
  }
  return `${JSON.stringify(header).slice(0, -1)},"answers":[${answers.join(',')}],"events":[${events.join(',')}]}`;
}
