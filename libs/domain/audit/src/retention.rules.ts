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

/** Projects with a rule of their own, and holds: a further one is refused. */
export const RETENTION_RULES_MAX = 100_000;
export const HOLDS_MAX = 10_000;

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
  const before = holds.get(on);
  if (before) throw new Rejection('hold-exists', `"${on}" is held already: ${before.reason}`);
  if (holds.size >= HOLDS_MAX) throw new Rejection('too-many-holds', `There are ${HOLDS_MAX} holds already.`);
  return [fact('hold.placed', `hold/${on}`, { on, reason, placedAtMs: nowMs })];
}

function releaseHold({ holds }: RetentionState, { on, reason }: ReleaseHold, nowMs: number): readonly NewEvent[] {
  if (!holds.has(on)) throw new Rejection('unknown-hold', `"${on}" is not held.`);
  return [fact('hold.released', `hold/${on}`, { on, reason, releasedAtMs: nowMs })];
}

function setRetention(
  { days: rules }: RetentionState,
  { project, days }: SetRetention,
  system: string,
  nowMs: number,
): readonly NewEvent[] {
  if (project === system) throw new Rejection('retention-of-system', `What project "${system}" says of the log itself is kept for ever.`);
  const before = rules.get(project);
  if (before === days) return [];
  if (before === undefined && rules.size >= RETENTION_RULES_MAX)
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
  const held = [subject, ...keys.map(({ project }) => project)].find((on) => state.holds.has(on));
  if (held !== undefined)
    throw new Rejection(
      'under-legal-hold',
      `"${subject}" cannot be erased: "${held}" is held. ${state.holds.get(held)?.reason ?? ''}`.trimEnd(),
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
  const before = state.erasures.get(subject);
  if (before?.erasedAtMs !== undefined) return []; // There is nothing left to erase.
  if (before) return [erased(subject, before.keys, nowMs)]; // They are gone; only the confirmation was lost.
  throw new Rejection('unknown-data-subject', `No key is kept for "${subject}": nothing was written under that name.`);
}

const erased = (subject: string, keys: readonly SubjectKeyRef[], nowMs: number): NewEvent =>
  fact('subject.erased', `subject/${subject}`, { subject, keys: [...keys], erasedAtMs: nowMs });

function confirmErasure({ erasures }: RetentionState, { subject, keys }: ConfirmErasure, nowMs: number): readonly NewEvent[] {
  const pending = erasures.get(subject);
  if (!pending || pending.erasedAtMs !== undefined) return []; // Confirmed before, or asked for so long ago that it is forgotten.
  return [erased(subject, keys, nowMs)];
}

/** In place: what is kept may be much more than one event is about. */
export function evolveRetention({ days, holds, erasures }: RetentionState, event: RetentionEvent): void {
  switch (event.type) {
    case 'hold.placed': {
      const { on, reason, placedAtMs } = event.data;
      holds.set(on, { reason, placedAtMs });
      return;
    }
    case 'hold.released':
      holds.delete(event.data.on);
      return;
    case 'retention.set': {
      const { project, days: kept } = event.data;
      if (kept === undefined) days.delete(project);
      else days.set(project, kept);
      return;
    }
    case 'retention.applied':
      return;
    case 'subject.erasure-requested': {
      const { subject, keys, requestedAtMs } = event.data;
      erasures.requested(subject, { requestedAtMs, keys });
      return;
    }
    case 'subject.erased': {
      const { subject, erasedAtMs } = event.data;
      erasures.set(subject, { requestedAtMs: erasedAtMs, ...erasures.get(subject), keys: [], erasedAtMs });
      return;
    }
    default:
      unreachable(event);
  }
}
