import type {
  CompareContext,
  ContextComparison,
  ContextDocument,
  ContextFound,
  ContextHistory,
  ContextList,
  GetContext,
  GetContextHistory,
  ListContext,
} from '@torch/contracts';
import { Rejection } from '@torch/kernel';
import type { RegistryState } from '../registry.state';
import type { ContextVersion } from './context.state';
import { threeWayMerge } from './three-way-merge';

type Shared = Pick<RegistryState, 'context'>;

/**
 * Nothing for a version that never was, or is not known any more. A tombstone is found.
 *
 * @throws Rejection `context-text-gone` for an earlier version whose text is not at hand any more.
 */
export function getContext({ context }: Shared, { key, version }: GetContext): ContextFound {
  const found = version === undefined ? context.newest(key) : context.version(key, version);
  if (!found) return {};
  return { document: { key, ...withContent(key, found) } };
}

/** Sorted by key. */
export function listContext({ context }: Shared, { removed = false }: ListContext): ContextList {
  const documents: ContextDocument[] = [];
  for (const key of context.keys()) {
    const newest = context.newest(key);
    if (newest && (removed || !newest.removed)) documents.push(withoutText(key, newest));
  }
  return { documents };
}

export function getContextHistory({ context }: Shared, { key }: GetContextHistory): ContextHistory {
  return { versions: [...context.versions(key)].reverse().map((version) => withoutText(key, version)) };
}

/**
 * What was to be written on `base`, together with what has come since. A document that is kept by reference counts as one line
 * that names it, and a tombstone as an empty text.
 *
 * @throws Rejection `unknown-context-version`, `context-text-gone`.
 */
export function compareContext({ context }: Shared, { key, base, text: yours }: CompareContext): ContextComparison {
  const newest = context.newest(key);
  const written = base === 0 ? undefined : context.version(key, base);
  if (base > (newest?.version ?? 0))
    throw new Rejection('unknown-context-version', `Document "${key}" has no version ${base}; its newest is ${newest?.version ?? 0}.`);
  if (base > 0 && !written) throw textGone(key, base);
  const { clean, merged, clashes } = threeWayMerge({ base: textOf(key, written), theirs: textOf(key, newest), yours });
  return { base, newest: newest?.version ?? 0, clean, merged, clashes: [...clashes] };
}

function textOf(key: string, version: ContextVersion | undefined): string {
  if (!version || version.removed) return '';
  const { text, ref } = withContent(key, version);
  return text ?? `ref: ${ref}`;
}

function withContent(key: string, version: ContextVersion): ContextVersion {
  if (!version.removed && version.text === undefined && version.ref === undefined) throw textGone(key, version.version);
  return version;
}

const textGone = (key: string, version: number): Rejection =>
  new Rejection(
    'context-text-gone',
    `The text of version ${version} of document "${key}" is not at hand any more; its context.updated event in the log has it.`,
  );

function withoutText(key: string, { text: _text, ...version }: ContextVersion): ContextDocument {
  return { key, ...version };
}
