import { CONFLICT_DEADLINE_MS_DEFAULT, type ConflictOpened, type ConflictParty } from '@torch/contracts';
import type { DecisionContext, NewEvent } from '@torch/kernel';
import type { RegistryState } from '../registry.state';
import { conflictEvent, hasRoom, isPartyActor, isPerson, resolved, sameActors } from './conflicts.rules';

export interface StaleWrite {
  readonly key: string;
  /** The version that was written on, and the newest. */
  readonly base: number;
  readonly newest: number;
  readonly newestBy: string;
  /** Who came too late, with the SHA-256 of what it wanted to write; absent for a removal. */
  readonly actor: string;
  readonly refused?: string;
}

/**
 * A conflict between who wrote the newest version and who came too late with another. The first party is the one whose version
 * stands. None is opened between one and the same, where the two have one about this document already, and where the project
 * has as many as it can have: the write is refused all the same.
 */
export function openContextConflict(state: RegistryState, write: StaleWrite, { nowMs, newId }: DecisionContext): readonly NewEvent[] {
  const { key, base, newest, newestBy, actor, refused } = write;
  const what = refused === undefined ? 'a removal' : `a text with SHA-256 ${refused}`;
  const parties: ConflictParty[] = [
    { actor: newestBy, evidence: `Wrote version ${newest} of document "${key}".` },
    { actor, evidence: `Wrote on version ${base} when version ${newest} was there: ${what}.` },
  ];
  if (newestBy === actor || !parties.every((party) => isPartyActor(party.actor)) || !hasRoom(state)) return [];
  if (state.conflicts.about('context', key).some((conflict) => sameActors(conflict, { parties }))) return [];
  const deadlineAtMs = nowMs + CONFLICT_DEADLINE_MS_DEFAULT;
  const opened: ConflictOpened = {
    conflictId: `context.${newId()}`,
    kind: 'context',
    about: key,
    parties,
    deadlineAtMs,
    openedAtMs: nowMs,
  };
  return [conflictEvent('conflict.opened', opened)];
}

/** Who came too late has read what is there and written on it: that resolves the conflict, unless it waits for a person by now. */
export function settleContextConflicts(
  state: RegistryState,
  { key, actor, version }: { readonly key: string; readonly actor: string; readonly version: number },
  { nowMs }: DecisionContext,
): readonly NewEvent[] {
  return state.conflicts
    .about('context', key)
    .filter(({ parties, status }) => parties[1]?.actor === actor && (status === 'open' || isPerson(actor)))
    .map(({ conflictId }) =>
      resolved({ conflictId, resolution: `${actor} wrote version ${version} on the newest one.`, resolvedAtMs: nowMs }),
    );
}
