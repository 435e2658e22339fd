import type { RetentionView } from '@torch/contracts';
import type { RetentionState } from './retention.state';

export const retentionView = ({ days, holds, erasures }: RetentionState): RetentionView => ({
  rules: [...days].map(([project, kept]) => ({ project, days: kept })),
  holds: [...holds].map(([on, hold]) => ({ on, ...hold })),
  erasures: [...erasures.entries()].map(([subject, { keys: _known, ...erasure }]) => ({ subject, ...erasure })),
});

const DAY_MS = 24 * 3_600_000;

/** Before which moment, epoch ms, each project's events have expired; a project that is held has no such moment. */
export function expiryOf({ rules, holds }: Pick<RetentionView, 'rules' | 'holds'>, nowMs: number): ReadonlyMap<string, number> {
  const held = new Set(holds.map(({ on }) => on));
  return new Map(rules.filter(({ project }) => !held.has(project)).map(({ project, days }) => [project, nowMs - days * DAY_MS]));
}
