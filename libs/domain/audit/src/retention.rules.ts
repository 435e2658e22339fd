import {
  type ConfirmErasure,
  type PlaceHold,
  PROJECT_PATTERN,
  type RecordRetentionApplied,
  type ReleaseHold,
  type RequestErasure,
  type RetentionCommand,
  type RetentionEvent,
  type SetRetention,
  type SubjectKeyRef,
} from '@torch/contracts';
import { type NewEvent, Rejection, unreachable } from '@torch/kernel';
import type { RetentionState } from './retention.state';

/** Projects with a rule of their own, holds, and erasures that are remembered: the oldest of these is forgotten first. */
export const RETENTION_RULES_MAX = 100_000;
export const HOLDS_MAX = 10_000;
export const ERASURES_MAX = 100_000;

const SUBJECT_PATTERN = /^(user|agent):[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

export function decideRetention(state: RetentionState, command: RetentionCommand, nowMs: number): readonly NewEvent[] {
  switch (command.type) {
    case 'PlaceHold':
      return placeHold(state, command.data, nowMs);
    case 'ReleaseHold':
      return releaseHold(state, command.data, nowMs);
    case 'SetRetention':
      return setRetention(state, command.data, command.project, nowMs);
    case 'RecordRetentionApplied':
      return retentionApplied(command.data, nowMs);
    case 'RequestErasure':
      return requestErasure(state, command.data, nowMs);
    case 'ConfirmErasure':
      return confirmErasure(state, command.data, nowMs);
    default:
      return unreachable(command);
  }
}

const fact = <E extends RetentionEvent>(type: E['type'], subject: string, data: E['data']): NewEvent => ({ type, subject, data });

function placeHold({ holds }: RetentionState, { on, reason }: PlaceHold, nowMs: number): readonly NewEvent[] {
  if (!PROJECT_PATTERN.test(on) && !SUBJECT_PATTERN.test(on))
    throw new Rejection('invalid-hold', `"${on}" is neither a project's name nor a data subject such as user:ada or agent:dev-1.`);
  const before = own(holds, on);
  if (before) throw new Rejection('hold-exists', `"${on}" is held already: ${before.reason}`);
  if (Object.keys(holds).length >= HOLDS_MAX) throw new Rejection('too-many-holds', `There are ${HOLDS_MAX} holds already.`);
  return [fact('hold.placed', `hold/${on}`, { on, reason, placedAtMs: nowMs })];
}

function releaseHold({ holds }: RetentionState, { on, reason }: ReleaseHold, nowMs: number): readonly NewEvent[] {
  if (!own(holds, on)) throw new Rejection('unknown-hold', `"${on}" is not held.`);
  return [fact('hold.released', `hold/${on}`, { on, reason, releasedAtMs: nowMs })];
}

function setRetention(
  { days: rules }: RetentionState,
  { project, days }: SetRetention,
  system: string,
  nowMs: number,
): readonly NewEvent[] {
  if (project === system) throw new Rejection('retention-of-system', `What project "${system}" says of the log itself is kept for ever.`);
  const before = own(rules, project);
  if (before === days) return [];
  if (before === undefined && Object.keys(rules).length >= RETENTION_RULES_MAX)
    throw new Rejection('too-many-rules', `There are ${RETENTION_RULES_MAX} rules of retention already.`);
  return [fact('retention.set', `retention/${project}`, { project, ...(days !== undefined && { days }), setAtMs: nowMs })];
}

const retentionApplied = (data: RecordRetentionApplied, nowMs: number): readonly NewEvent[] => [
  fact('retention.applied', `partition/${data.partition}`, { ...data, appliedAtMs: nowMs }),
];

/** Refused as long as anything that the keys would take with them is held. */
function requestErasure(state: RetentionState, { subject, keys, reason }: RequestErasure, nowMs: number): readonly NewEvent[] {
  if (!SUBJECT_PATTERN.test(subject))
    throw new Rejection('invalid-data-subject', `"${subject}" is not a data subject such as user:ada or agent:dev-1.`);
  const held = [subject, ...keys.map(({ project }) => project)].find((on) => own(state.holds, on));
  if (held !== undefined)
    throw new Rejection(
      'under-legal-hold',
      `"${subject}" cannot be erased: "${held}" is held. ${own(state.holds, held)?.reason ?? ''}`.trimEnd(),
    );
  if (keys.length > 0) {
    return [
      fact('subject.erasure-requested', `subject/${subject}`, {
        subject,
        keys,
        ...(reason !== undefined && { reason }),
        requestedAtMs: nowMs,
      }),
    ];
  }
  const before = own(state.erasures, subject);
  if (before?.erasedAtMs !== undefined) return []; // There is nothing left to erase.
  if (before) return [erased(subject, before.keys, nowMs)]; // They are gone; only the confirmation was lost.
  throw new Rejection('unknown-data-subject', `No key is kept for "${subject}": nothing was written under that name.`);
}

const erased = (subject: string, keys: readonly SubjectKeyRef[], nowMs: number): NewEvent =>
  fact('subject.erased', `subject/${subject}`, { subject, keys: [...keys], erasedAtMs: nowMs });

function confirmErasure({ erasures }: RetentionState, { subject, keys }: ConfirmErasure, nowMs: number): readonly NewEvent[] {
  const pending = own(erasures, subject);
  if (!pending || pending.erasedAtMs !== undefined) return []; // Confirmed before, or asked for so long ago that it is forgotten.
  return [erased(subject, keys, nowMs)];
}

export function evolveRetention(state: RetentionState, event: RetentionEvent): RetentionState {
  switch (event.type) {
    case 'hold.placed': {
      const { on, reason, placedAtMs } = event.data;
      return { ...state, holds: { ...state.holds, [on]: { reason, placedAtMs } } };
    }
    case 'hold.released':
      return { ...state, holds: without(state.holds, event.data.on) };
    case 'retention.set': {
      const { project, days } = event.data;
      return { ...state, days: days === undefined ? without(state.days, project) : { ...state.days, [project]: days } };
    }
    case 'retention.applied':
      return state;
    case 'subject.erasure-requested': {
      const { subject, keys, requestedAtMs } = event.data;
      return { ...state, erasures: newest({ ...without(state.erasures, subject), [subject]: { requestedAtMs, keys } }) };
    }
    case 'subject.erased': {
      const { subject, erasedAtMs } = event.data;
      const erasure = { requestedAtMs: erasedAtMs, ...own(state.erasures, subject), keys: [], erasedAtMs };
      return { ...state, erasures: newest({ ...state.erasures, [subject]: erasure }) };
    }
    default:
      return unreachable(event);
  }
}

/** Never what every object inherits: a project may be called `constructor`. */
const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined => (Object.hasOwn(record, key) ? record[key] : undefined);

function without<T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> {
  const { [key]: _gone, ...rest } = record;
  return rest;
}

function newest<T>(record: Record<string, T>): Record<string, T> {
  const keys = Object.keys(record);
  return keys.length <= ERASURES_MAX ? record : without(record, keys[0] as string);
}
