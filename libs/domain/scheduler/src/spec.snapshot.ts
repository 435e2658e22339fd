import type { TaskSpec } from '@torch/contracts';
import { canonicalJson } from '@torch/kernel';

/** A task's spec beside the first of its run: most of what the tasks of a run ask for is the same, and is said and held once. */
export interface EncodedSpec {
  /** What is otherwise than in the first, or not in it. */
  readonly own?: Partial<TaskSpec>;
  /** What is in the first alone. */
  readonly lacks?: readonly string[];
}

type Fields = Record<string, unknown>;

export function encodeSpec(spec: TaskSpec, first: TaskSpec): EncodedSpec {
  const fields = spec as unknown as Fields;
  const inFirst = first as unknown as Fields;
  let own: Fields | undefined;
  for (const name in fields) if (fields[name] !== undefined && !isSame(fields[name], inFirst[name])) (own ??= {})[name] = fields[name];
  let lacks: string[] | undefined;
  for (const name in inFirst) if (inFirst[name] !== undefined && fields[name] === undefined) (lacks ??= []).push(name);
  return { own, lacks: lacks?.sort() };
}

export function decodeSpec({ own, lacks }: EncodedSpec, first: TaskSpec): TaskSpec {
  if (lacks)
    return Object.fromEntries(Object.entries({ ...first, ...own }).filter(([name]) => !lacks.includes(name))) as unknown as TaskSpec;
  const spec = { ...first };
  for (const name in own) (spec as unknown as Fields)[name] = (own as Fields)[name]; // By far cheaper than spreading both.
  return spec;
}

/** Values are JSON, and mostly short lists where they are not plain. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  if (Array.isArray(a) && Array.isArray(b) && a.length === 0) return b.length === 0;
  return canonicalJson(a) === canonicalJson(b);
}
