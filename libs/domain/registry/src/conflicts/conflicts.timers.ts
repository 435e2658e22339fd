import type { ConflictCommand } from '@torch/contracts';
import type { RegistryState } from '../registry.state';

/** When the next conflict escalates, epoch ms. */
export function conflictsDueAtMs({ conflicts }: Pick<RegistryState, 'conflicts'>): number {
  return conflicts.dueAtMs();
}

/** Conflicts that nobody has resolved in time. */
export function conflictsDue(
  { conflicts }: Pick<RegistryState, 'conflicts'>,
  nowMs: number,
  max: number,
): readonly Pick<ConflictCommand, 'type' | 'data'>[] {
  return conflicts.due(nowMs, max).map(({ conflictId }) => ({ type: 'EscalateConflict', data: { conflictId } }));
}
