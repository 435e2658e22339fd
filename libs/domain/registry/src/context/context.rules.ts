import {
  type ContextCommand,
  type ContextConflicted,
  type ContextRemoved,
  type ContextUpdated,
  type RemoveContext,
  type UpdateContext,
} from '@torch/contracts';
import { type DecisionContext, jsonBytes, type NewEvent, Rejection, textBytes } from '@torch/kernel';
import { openContextConflict, settleContextConflicts } from '../conflicts/context-conflict';
import type { RegistryState } from '../registry.state';
import type { Rules } from '../rules';
import type { ContextVersion } from './context.state';
import { sha256 } from './sha256';

/**
 * Compare and set. Of several who write on one version the first is taken; for each of the others a `context.conflicted` says so,
 * nothing is changed, and a conflict between the two is opened. What changes nothing has no event.
 */
export const contextRules: Rules<ContextCommand> = {
  UpdateContext: updateContext,
  RemoveContext: removeContext,
};

interface By<Data> {
  readonly actor: string;
  readonly data: Data;
}

function updateContext(state: RegistryState, { actor, data }: By<UpdateContext>, decision: DecisionContext): readonly NewEvent[] {
  const { key, version: base, text, ref } = data;
  checkContent(state, data);
  const newest = state.context.newest(key);
  if (newest && sameContent(newest, data) && (base === newest.version || isRetry(newest, { actor, base }))) return [];
  if (!isWrittenOn(newest, data)) return stale(state, { actor, data: { ...data, content: text ?? ref } }, decision);
  checkRoom(state, data);
  const updated: ContextUpdated = {
    key,
    version: state.context.nextVersion(key),
    ...(text !== undefined && { text }),
    ...(ref !== undefined && { ref }),
    updatedAtMs: decision.nowMs,
  };
  return [
    contextEvent('context.updated', key, updated),
    ...settleContextConflicts(state, { key, actor, version: updated.version }, decision),
  ];
}

function removeContext(state: RegistryState, { actor, data }: By<RemoveContext>, decision: DecisionContext): readonly NewEvent[] {
  const { key, version: base } = data;
  const newest = state.context.newest(key);
  if (!newest) throw new Rejection('unknown-context', `There is no document "${key}".`);
  if (newest.removed && (base === newest.version || isRetry(newest, { actor, base }))) return [];
  if (!isWrittenOn(newest, data)) return stale(state, { actor, data }, decision);
  const removed: ContextRemoved = { key, version: newest.version + 1, removedAtMs: decision.nowMs };
  return [
    contextEvent('context.removed', key, removed),
    ...settleContextConflicts(state, { key, actor, version: removed.version }, decision),
  ];
}

/** @throws Rejection `unknown-context-version` for a version that does not exist yet. */
function isWrittenOn(newest: ContextVersion | undefined, { key, version: base }: { key: string; version: number }): boolean {
  const version = newest?.version ?? 0;
  if (base > version) {
    const known = newest ? `its newest is ${version}` : 'there is no such document, which is version 0';
    throw new Rejection(
      'unknown-context-version',
      `Document "${key}" has no version ${base}: ${known}. Read it, and write on what you read.`,
    );
  }
  return base === version || (base === 0 && newest?.removed === true);
}

/** The same by the same on the version before: it was asked twice, and nobody is in its way. */
function isRetry(newest: ContextVersion, { actor, base }: { actor: string; base: number }): boolean {
  return newest.by === actor && newest.version === base + 1;
}

const sameContent = (newest: ContextVersion, { text, ref }: UpdateContext): boolean =>
  !newest.removed && newest.text === text && newest.ref === ref;

function stale(
  state: RegistryState,
  { actor, data: { key, version: base, content } }: By<{ key: string; version: number; content?: string }>,
  decision: DecisionContext,
): readonly NewEvent[] {
  const { version: newest = 0, by = actor } = state.context.newest(key) ?? {};
  const refused = content === undefined ? undefined : sha256(content);
  const conflicted: ContextConflicted = { key, base, newest, newestBy: by, conflictedAtMs: decision.nowMs, ...(refused && { refused }) };
  return [
    contextEvent('context.conflicted', key, conflicted),
    ...openContextConflict(state, { key, base, newest, newestBy: by, actor, refused }, decision),
  ];
}

/** @throws Rejection `context-text-or-ref`, `context-too-large`. */
function checkContent({ context: { limits } }: RegistryState, { key, text, ref }: UpdateContext): void {
  if ((text === undefined) === (ref === undefined)) {
    const given = text === undefined ? 'neither text nor ref' : 'both text and ref';
    throw new Rejection('context-text-or-ref', `Document "${key}" was given ${given}; give exactly one of them.`);
  }
  const [bytes, asJson] = [textBytes(text ?? ''), jsonBytes(text ?? '')];
  if (bytes <= limits.textBytesMax && asJson <= limits.jsonBytesMax) return;
  const size =
    bytes > limits.textBytesMax ? `${bytes} bytes, of ${limits.textBytesMax}` : `${asJson} bytes as JSON, of ${limits.jsonBytesMax}`;
  throw new Rejection(
    'context-too-large',
    `The text of document "${key}" has ${size} at most; keep it where agents can read it, and give its ref.`,
  );
}

/** @throws Rejection `too-many-documents`, `context-full`. */
function checkRoom({ context }: RegistryState, { key, text }: UpdateContext): void {
  const { documentsMax, projectBytesMax } = context.limits;
  if (!context.newest(key) && context.isFull)
    throw new Rejection(
      'too-many-documents',
      `The project has ${documentsMax} documents, and can have no more; remove one before "${key}".`,
    );
  const bytes = context.bytesWith(key, text);
  if (text !== undefined && bytes > projectBytesMax)
    throw new Rejection(
      'context-full',
      `With document "${key}" the project's documents have ${bytes} bytes, of ${projectBytesMax} at most; remove some, or give a ref.`,
    );
}

function contextEvent(type: string, key: string, data: ContextUpdated | ContextRemoved | ContextConflicted): NewEvent {
  return { type, subject: `context/${key}`, data };
}
