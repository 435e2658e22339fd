import { formatPosition, parsePosition } from '@torch/log';
import type { LoggedEffect, Operation } from './history';

export interface Verdict {
  readonly acknowledged: number;
  /** Acknowledged, and not in the log. */
  readonly lost: number;
  /** In the log more than once. */
  readonly doubled: number;
  /** In the log before something that was acknowledged before it was even sent, or not where the acknowledgement said. */
  readonly reordered: number;
  /** What went wrong, in words: the first of each kind. */
  readonly problems: readonly string[];
  readonly lostOperations: readonly Operation[];
}

/** What of the checks is left out: proves that each of them is needed. */
export type Without = 'lost' | 'doubled' | 'reordered' | 'moved';

/** Compares every acknowledgement that a client saw with what the log holds. */
export function checkHistory(operations: readonly Operation[], log: readonly LoggedEffect[], without?: Without): Verdict {
  const positions = new Map<string, string[]>();
  for (const { effect, position } of log) positions.set(effect, [...(positions.get(effect) ?? []), position]);
  const found = (operation: Operation): readonly string[] => positions.get(operation.effect) ?? [];
  const lost = without === 'lost' ? [] : operations.filter((operation) => found(operation).length === 0);
  const doubled = without === 'doubled' ? [] : operations.filter((operation) => found(operation).length > 1);
  const kept = operations.filter((operation) => found(operation).length === 1);
  const moved = without === 'moved' ? [] : kept.filter((operation) => found(operation)[0] !== operation.position);
  const overtaken = without === 'reordered' ? [] : overtakenIn(kept, positions);
  return {
    acknowledged: operations.length,
    lost: lost.length,
    doubled: doubled.length,
    reordered: new Set([...moved, ...overtaken]).size,
    problems: [
      ...lost.slice(0, 1).map((operation) => `Lost: ${nameOf(operation)}.`),
      ...doubled.slice(0, 1).map((operation) => `Doubled: ${nameOf(operation)}, at ${found(operation).join(' and ')}.`),
      ...moved.slice(0, 1).map((operation) => `Moved: ${nameOf(operation)}, is at ${String(found(operation)[0])}.`),
      ...overtaken.slice(0, 1).map((operation) => `Overtaken: ${nameOf(operation)}, by one that was sent after its acknowledgement.`),
    ],
    lostOperations: lost,
  };
}

const nameOf = ({ effect, position, client, attempts }: Operation): string =>
  `${effect}, acknowledged at ${position} to client ${client} after ${attempts} attempts`;

/** Operations that stand behind one which was sent after they had been acknowledged. */
function overtakenIn(operations: readonly Operation[], positions: ReadonlyMap<string, readonly string[]>): Operation[] {
  const inLogOrder = operations
    .map((operation) => ({
      operation,
      seq: parsePosition(positions.get(operation.effect)?.[0] ?? formatPosition({ seq: 0, generation: 0 })).seq,
    }))
    .sort((a, b) => a.seq - b.seq);
  const overtaken: Operation[] = [];
  let sentBeforeMs = -Infinity;
  for (let from = 0; from < inLogOrder.length;) {
    // What one commit holds has no order among itself.
    let to = from;
    while (to < inLogOrder.length && inLogOrder[to]?.seq === inLogOrder[from]?.seq) to++;
    const commit = inLogOrder.slice(from, to).map(({ operation }) => operation);
    overtaken.push(...commit.filter(({ ackedAtMs }) => ackedAtMs < sentBeforeMs));
    sentBeforeMs = Math.max(sentBeforeMs, ...commit.map(({ sentAtMs }) => sentAtMs));
    from = to;
  }
  return overtaken;
}
