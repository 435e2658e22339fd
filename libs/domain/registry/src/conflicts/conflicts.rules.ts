import {
  CONFLICT_DEADLINE_MS_DEFAULT,
  type ConflictCommand,
  type ConflictEscalated,
  type ConflictOpened,
  type ConflictResolved,
  type EscalateConflict,
  type OpenConflict,
  type ResolveConflict,
} from '@torch/contracts';
import { canonicalJson, type DecisionContext, type NewEvent, Rejection } from '@torch/kernel';
import type { RegistryState } from '../registry.state';
import type { Rules } from '../rules';
import type { Conflict } from './conflicts.state';

/** Agents of these roles resolve conflicts of others. */
const RESOLVER_ROLES: readonly string[] = ['project-manager', 'orchestrator'];

/** A conflict is open until somebody resolves it; at its deadline it is escalated, and then only a person can. */
export const conflictRules: Rules<ConflictCommand> = {
  OpenConflict: openConflict,
  ResolveConflict: resolveConflict,
  EscalateConflict: escalateConflict,
};

export const isPerson = (actor: string): boolean => actor.startsWith('user:');
const isService = (actor: string): boolean => actor.startsWith('service:');
export const isPartyActor = (actor: string): boolean => /^(agent|user):./.test(actor);

interface By<Data> {
  readonly actor: string;
  readonly data: Data;
}

/** The registry opens what it notices by itself; it does not open it twice. */
function openConflict(state: RegistryState, { actor, data }: By<OpenConflict>, { nowMs }: DecisionContext): readonly NewEvent[] {
  const { conflictId, kind, about, parties, deadlineMs = CONFLICT_DEADLINE_MS_DEFAULT } = data;
  const known = state.conflicts.get(conflictId);
  if (known) {
    if (sameMatter(known, data)) return [];
    throw new Rejection('conflict-exists', `Conflict "${conflictId}" exists, and is about ${known.about}; choose another conflictId.`);
  }
  if (!isService(actor)) checkOpening(state, data);
  checkParties(data);
  const same = state.conflicts.about(kind, about).find((conflict) => sameActors(conflict, data));
  if (same && isService(actor)) return [];
  if (same)
    throw new Rejection(
      'conflict-open',
      `Conflict "${same.conflictId}" is about the same, ${about}, between the same parties; resolve that one.`,
    );
  if (!hasRoom(state))
    throw new Rejection(
      'too-many-conflicts',
      `The project has ${state.conflicts.unresolvedCount} unresolved conflicts; resolve some first.`,
    );
  const opened: ConflictOpened = { conflictId, kind, about, parties, deadlineAtMs: nowMs + deadlineMs, openedAtMs: nowMs };
  return [conflictEvent('conflict.opened', opened)];
}

export const hasRoom = ({ conflicts }: RegistryState): boolean => conflicts.unresolvedCount < conflicts.limits.unresolvedMax;

/** @throws Rejection `conflict-kind`, `unknown-agent`. */
function checkOpening(state: RegistryState, { kind, parties }: OpenConflict): void {
  if (kind !== 'results')
    throw new Rejection('conflict-kind', `A conflict of kind ${kind} is opened by the registry itself; kind "results" is for everybody.`);
  for (const { actor } of parties) {
    const [, agentId] = /^agent:(.*)$/.exec(actor) ?? [];
    if (agentId !== undefined && !state.agents.has(agentId))
      throw new Rejection('unknown-agent', `No agent has the id "${agentId}", which parties names.`);
  }
}

/** @throws Rejection `invalid-party`, `same-party`. */
function checkParties({ parties }: OpenConflict): void {
  const stranger = parties.find(({ actor }) => !isPartyActor(actor));
  if (stranger)
    throw new Rejection(
      'invalid-party',
      `Party "${stranger.actor}" is neither "agent:<id>" nor "user:<name>"; parties are agents and people.`,
    );
  const [twice] = parties.map(({ actor }) => actor).filter((actor, i, actors) => actors.indexOf(actor) !== i);
  if (twice !== undefined) throw new Rejection('same-party', `Party "${twice}" is named twice; name each once, with all its evidence.`);
}

function resolveConflict(state: RegistryState, { actor, data }: By<ResolveConflict>, { nowMs }: DecisionContext): readonly NewEvent[] {
  const { conflictId, resolution, inFavourOf } = data;
  const conflict = state.conflicts.get(conflictId);
  if (!conflict) throw new Rejection('unknown-conflict', `No conflict has the id "${conflictId}".`);
  if (conflict.status === 'resolved') {
    if (conflict.resolution === resolution && conflict.inFavourOf === inFavourOf) return [];
    throw new Rejection('conflict-resolved', `Conflict "${conflictId}" was resolved by ${conflict.resolvedBy}: ${conflict.resolution}`);
  }
  checkResolver(state, conflict, actor);
  if (inFavourOf !== undefined && !conflict.parties.some((party) => party.actor === inFavourOf))
    throw new Rejection(
      'invalid-party',
      `inFavourOf "${inFavourOf}" is no party of conflict "${conflictId}"; its parties are ${actorsOf(conflict)}.`,
    );
  return [resolved({ conflictId, resolution, ...(inFavourOf !== undefined && { inFavourOf }), resolvedAtMs: nowMs })];
}

/** @throws Rejection `conflict-escalated`, `not-a-party`. */
function checkResolver(state: RegistryState, conflict: Conflict, actor: string): void {
  if (isPerson(actor)) return;
  const { conflictId, deadlineAtMs } = conflict;
  if (conflict.status === 'escalated')
    throw new Rejection(
      'conflict-escalated',
      `Conflict "${conflictId}" was escalated at ${deadlineAtMs}; only a person can resolve it now.`,
    );
  if (isService(actor) || conflict.parties.some((party) => party.actor === actor)) return;
  const agent = state.agents.get(actor.replace(/^agent:/, ''));
  if (agent && agent.presence !== 'deregistered' && RESOLVER_ROLES.includes(agent.role)) return;
  throw new Rejection(
    'not-a-party',
    `${actor} cannot resolve conflict "${conflictId}": its parties (${actorsOf(conflict)}), agents of the roles ${RESOLVER_ROLES.join(' and ')}, and people can.`,
  );
}

function escalateConflict(
  { conflicts }: RegistryState,
  { data }: { readonly data: EscalateConflict },
  { nowMs }: DecisionContext,
): readonly NewEvent[] {
  const { conflictId } = data;
  const conflict = conflicts.get(conflictId);
  if (conflict?.status !== 'open') return []; // Somebody was in time.
  if (nowMs < conflict.deadlineAtMs)
    throw new Rejection('conflict-not-due', `Conflict "${conflictId}" is escalated at ${conflict.deadlineAtMs}, and not before.`);
  return [conflictEvent('conflict.escalated', { conflictId, escalatedAtMs: nowMs })];
}

export const resolved = (data: ConflictResolved): NewEvent => conflictEvent('conflict.resolved', data);

export function conflictEvent(type: string, data: ConflictOpened | ConflictResolved | ConflictEscalated): NewEvent {
  return { type, subject: `conflict/${data.conflictId}`, data };
}

const sameMatter = (known: Conflict, { kind, about, parties }: OpenConflict): boolean =>
  known.kind === kind && known.about === about && canonicalJson(known.parties) === canonicalJson(parties);

const actors = ({ parties }: Pick<Conflict, 'parties'>): readonly string[] => parties.map(({ actor }) => actor).sort();
const actorsOf = (conflict: Conflict): string => actors(conflict).join(', ');

export const sameActors = (a: Pick<Conflict, 'parties'>, b: Pick<Conflict, 'parties'>): boolean =>
  canonicalJson(actors(a)) === canonicalJson(actors(b));
