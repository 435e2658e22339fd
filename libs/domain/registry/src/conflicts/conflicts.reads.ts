import type { ConflictFound, ConflictList, ConflictView, GetConflict, ListConflicts } from '@torch/contracts';
import type { RegistryState } from '../registry.state';
import type { Conflict } from './conflicts.state';

/** Conflicts in an answer unless the question says otherwise. */
const CONFLICTS_LISTED_DEFAULT = 100;

type Disputed = Pick<RegistryState, 'conflicts'>;

/** The newest first. */
export function listConflicts({ conflicts }: Disputed, { status, limit = CONFLICTS_LISTED_DEFAULT }: ListConflicts): ConflictList {
  const found = [...conflicts.all()].filter((conflict) => status === undefined || conflict.status === status);
  found.sort((a, b) => b.openedAtMs - a.openedAtMs || (a.conflictId < b.conflictId ? -1 : 1));
  return { conflicts: found.slice(0, limit).map(conflictView) };
}

export function getConflict({ conflicts }: Disputed, { conflictId }: GetConflict): ConflictFound {
  const conflict = conflicts.get(conflictId);
  return conflict ? { conflict: conflictView(conflict) } : {};
}

const conflictView = (conflict: Conflict): ConflictView => ({ ...conflict, parties: conflict.parties.map((party) => ({ ...party })) });
