import type { TaskSpec } from '@torch/contracts';
import { canonicalJson } from '@torch/kernel';
import type { EncodedRun, EncodedTask } from './run.snapshot';

/** A run as a snapshot keeps it: there may be a million tasks, which wait and differ in little. */
export interface PackedRun extends Omit<EncodedRun, 'tasks'> {
  readonly specs?: PackedSpecs;
  /** What is otherwise than in a task that waits since its run came; `null` where nothing is. */
  readonly tasks: readonly (Partial<EncodedTask> | null)[];
}

export function packRun({ tasks, ...run }: EncodedRun): PackedRun {
  if (tasks.length === 0) return { ...run, tasks: [] };
  let { seq } = run;
  const packed = tasks.map((task) => {
    const said = unusual(task, { seq: seq + 1, at: run.at, status: 'ready' });
    ({ seq } = task);
    return said;
  });
  return { ...run, specs: packSpecs(tasks.map(({ spec }) => spec)), tasks: packed };
}

export function unpackRun({ specs, tasks, ...run }: PackedRun): EncodedRun {
  const specOf = specs ? unpackSpecs(specs, tasks.length) : [];
  let { seq } = run;
  const unpacked = tasks.map((said, place) => {
    const usual: EncodedTask = { spec: specOf[place] as TaskSpec, seq: seq + 1, at: run.at, status: 'ready' };
    const task = said ? { ...usual, ...said } : usual;
    ({ seq } = task);
    return task;
  });
  return { ...run, tasks: unpacked };
}

function unusual(task: EncodedTask, usual: Partial<EncodedTask>): Partial<EncodedTask> | null {
  let said: Fields | null = null;
  for (const name in task) {
    const value = task[name as keyof EncodedTask];
    if (name !== 'spec' && value !== usual[name as keyof EncodedTask]) (said ??= {})[name] = value;
  }
  return said;
}

/**
 * The specs of a run's tasks. Most of what they ask for is the same, and is said once; the rest is kept by field, since lists of texts
 * are read much faster than as many objects.
 */
interface PackedSpecs {
  readonly first: TaskSpec;
  /** What is otherwise than in the first, or not in it: for each task a value, or `null` where there is nothing to say. */
  readonly fields: Readonly<Record<string, readonly unknown[]>>;
  /** By place of the task: fields that only the first has. */
  readonly lacks?: Readonly<Record<number, readonly string[]>>;
}

type Fields = Record<string, unknown>;

function packSpecs(specs: readonly TaskSpec[]): PackedSpecs {
  const [first] = specs as [TaskSpec];
  const inFirst = first as unknown as Fields;
  const fields: Record<string, unknown[]> = {};
  let lacks: Record<number, string[]> | undefined;
  for (const [place, spec] of (specs as unknown as Fields[]).entries()) {
    for (const name in spec) {
      const value = spec[name];
      if (value === undefined || isSame(value, inFirst[name])) continue;
      (fields[name] ??= specs.map(() => null))[place] = value;
    }
    const lacking = Object.keys(inFirst).filter((name) => spec[name] === undefined && inFirst[name] !== undefined);
    if (lacking.length > 0) (lacks ??= {})[place] = lacking.sort();
  }
  return lacks ? { first, fields, lacks } : { first, fields };
}

function unpackSpecs({ first, fields, lacks = {} }: PackedSpecs, count: number): readonly TaskSpec[] {
  const specs = Array.from({ length: count }, () => ({ ...first }) as unknown as Fields);
  for (const [name, values] of Object.entries(fields)) {
    for (let place = 0; place < count; place++) {
      const value = values[place];
      if (value !== null) (specs[place] as Fields)[name] = value;
    }
  }
  for (const [place, names] of Object.entries(lacks)) {
    const given = Object.entries(specs[Number(place)] as Fields);
    specs[Number(place)] = Object.fromEntries(given.filter(([name]) => !names.includes(name)));
  }
  return specs as unknown as TaskSpec[];
}

/** Values are JSON, and mostly short lists where they are not plain. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((value, i) => isSame(value, b[i]));
  return canonicalJson(a) === canonicalJson(b);
}
