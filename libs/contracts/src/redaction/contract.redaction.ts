import { Rejection } from '@torch/kernel';
import { type ContractClass, fieldsOf } from '../field';
import type { FieldProblem } from '../validate';
import { redactText, secretKind } from './secret.redaction';

/**
 * How a field may hold a secret: `text` can be redacted, `exact` cannot (an id, a command), `env` is a map of exact texts,
 * and the others hold further objects.
 */
type FieldKind = 'text' | 'exact' | 'exact-list' | 'env' | 'nested' | 'list';

interface TextField {
  readonly name: string;
  readonly kind: FieldKind;
  readonly charsMax: number;
  readonly inner?: ContractClass;
}

const fieldsByContract = new WeakMap<ContractClass, readonly TextField[]>();

/** The fields that text can be in, of this class and those within it; none for one of numbers and names of a fixed set. */
function textFields(contract: ContractClass): readonly TextField[] {
  let found = fieldsByContract.get(contract);
  if (!found) {
    found = [...fieldsOf(contract)].flatMap(([name, { schema, verbatim }]) => {
      const kind = kindOf(schema, verbatim === true);
      const inner = (schema.contract ?? schema.items?.contract)?.();
      return kind ? [{ name, kind, charsMax: Number(schema.maxLength ?? Infinity), inner }] : [];
    });
    fieldsByContract.set(contract, found);
  }
  return found;
}

function kindOf(schema: Readonly<Record<string, unknown>>, verbatim: boolean): FieldKind | undefined {
  if (schema.contract) return 'nested';
  if (schema.type === 'array') return (schema.items as { contract?: unknown }).contract ? 'list' : 'exact-list';
  if (schema.type === 'object') return schema.propertyNames ? 'env' : undefined;
  if (schema.type !== 'string' || schema.enum) return undefined;
  return verbatim || schema.pattern ? 'exact' : 'text';
}

/**
 * The data with `[redacted:<kind>]` in place of every secret in its texts, cut where that makes a text too long. Data without
 * any comes back as it is. Ids and the like stay: `secretProblems` finds what is in them.
 */
export function redactedData<Data>(contract: ContractClass, data: Data): Data {
  let copy: Record<string, unknown> | undefined;
  const source = (data ?? {}) as Record<string, unknown>;
  for (const field of textFields(contract)) {
    const value = source[field.name];
    if (value === undefined) continue;
    const clean = redactedValue(field, value);
    if (clean !== value) (copy ??= { ...source })[field.name] = clean;
  }
  return (copy ?? data) as Data;
}

function redactedValue({ kind, charsMax, inner }: TextField, value: unknown): unknown {
  if (!isOfKind(kind, value)) return value;
  switch (kind) {
    case 'text':
      return redactedText(value as string, charsMax);
    case 'exact':
      return charsMax === Infinity ? value : redactedText(value as string, charsMax);
    case 'exact-list':
      return value;
    case 'env':
      return redactedEnv(value as Record<string, string>);
    case 'nested':
      return redactedData(inner as ContractClass, value);
    case 'list': {
      const items = value as unknown[];
      const clean = items.map((item) => redactedData(inner as ContractClass, item));
      return clean.some((item, i) => item !== items[i]) ? clean : value;
    }
  }
}

/** What does not fit its contract is for the owner to refuse, in the contract's words. */
function isOfKind(kind: FieldKind, value: unknown): boolean {
  if (kind === 'text' || kind === 'exact') return typeof value === 'string';
  if (kind === 'list' || kind === 'exact-list') return Array.isArray(value);
  return value !== null && typeof value === 'object';
}

/** A variable's name says what its value is. */
function redactedEnv(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  let copy: Record<string, string> | undefined;
  for (const [name, value] of Object.entries(env)) {
    const clean = redactText(`${name}=${value}`).slice(name.length + 1);
    if (clean !== value) (copy ??= { ...env })[name] = clean;
  }
  return copy ?? env;
}

function redactedText(text: string, charsMax: number): string {
  const clean = redactText(text);
  return clean === text || clean.length <= charsMax ? clean : [...clean].slice(0, charsMax).join('');
}

/** Secrets where none can be redacted: in commands, paths, environments and ids. One problem for each, naming its field. */
export function secretProblems(contract: ContractClass, data: unknown): FieldProblem[] {
  const problems: FieldProblem[] = [];
  findProblems(contract, data, [], problems);
  return problems;
}

type Path = (string | number)[];

/** Looks without making anything: hardly any command has a secret. */
function findProblems(contract: ContractClass, data: unknown, path: Path, problems: FieldProblem[]): void {
  const source = (data ?? {}) as Readonly<Record<string, unknown>>;
  for (const field of textFields(contract)) {
    const value = source[field.name];
    if (value === undefined || field.kind === 'text' || !isOfKind(field.kind, value)) continue;
    path.push(field.name);
    findProblemsIn(field, value, path, problems);
    path.pop();
  }
}

function findProblemsIn({ kind, inner }: TextField, value: unknown, path: Path, problems: FieldProblem[]): void {
  if (kind === 'exact') noteSecret(value as string, path, problems);
  else if (kind === 'nested') findProblems(inner as ContractClass, value, path, problems);
  else if (kind === 'env') {
    for (const [name, text] of Object.entries(value as object)) noteSecret(`${name}=${text}`, [...path, name], problems);
  } else {
    const items = value as unknown[];
    for (let i = 0; i < items.length; i++) {
      path.push(i);
      if (kind === 'list') findProblems(inner as ContractClass, items[i], path, problems);
      else noteSecret(items[i] as string, path, problems);
      path.pop();
    }
  }
}

function noteSecret(text: string, path: Path, problems: FieldProblem[]): void {
  const kind = secretKind(text);
  if (kind !== undefined) problems.push(problemOf(kind, path));
}

function problemOf(kind: string, path: Path): FieldProblem {
  const message =
    `"${path.join('.')}" holds what looks like a secret (${kind}). What is in the log stays there: give the agents' machine the secret, ` +
    'in its environment or a file, and name the variable or the file here.';
  return { pointer: `/${path.join('/')}`, message };
}

/** @throws Rejection `secret-in-field` when the text of this name is, or holds, a secret. */
export function assertNoSecret(name: string, text: string): void {
  const problems: FieldProblem[] = [];
  noteSecret(text, [name], problems);
  const [problem] = problems;
  if (problem) throw new Rejection('secret-in-field', problem.message);
}

/**
 * Data as it may be kept: without secrets.
 *
 * @throws Rejection `secret-in-field` where one cannot be redacted.
 */
export function admittedData<Data>(contract: ContractClass, data: Data): Data {
  const [problem] = secretProblems(contract, data);
  if (problem) throw new Rejection('secret-in-field', problem.message);
  return redactedData(contract, data);
}
