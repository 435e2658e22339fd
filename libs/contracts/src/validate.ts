import { InvariantViolation } from '@torch/kernel';
import type { default as Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020';
import { type ContractClass } from './field';
import { schemaDocument } from './json-schema';

/** What is wrong with a value, and where: a JSON Pointer and a sentence that names the field. */
export interface FieldProblem {
  readonly pointer: string;
  readonly message: string;
}

interface Validators {
  readonly allErrors: boolean;
  compiler?: Ajv2020;
  readonly compiled: WeakMap<ContractClass, ValidateFunction>;
}

const quick: Validators = { allErrors: false, compiled: new WeakMap() };
const thorough: Validators = { allErrors: true, compiled: new WeakMap() };
let schemas = 0;

/** Loaded with the first check: a command of `torch` rarely makes one, and would wait for it. */
function compilerFor({ allErrors }: Validators): Ajv2020 {
  // eslint-disable-next-line @typescript-eslint/no-require-imports, no-restricted-globals -- import() would answer too late
  const ajv = require('ajv/dist/2020') as typeof import('ajv/dist/2020');
  return new ajv.Ajv2020({ allErrors, strict: true, strictTypes: false, strictRequired: false }).addKeyword('x-torch-sensitive');
}

/**
 * Checks plain data against its contract class: compiled once per class, about a microsecond a value after that.
 * Returns the first problem found, or undefined.
 */
export function fieldProblem(contract: ContractClass, value: unknown): FieldProblem | undefined {
  const validate = compiledBy(quick, contract);
  return validate(value) ? undefined : problemOf(validate.errors?.[0]);
}

/**
 * Everything that is wrong with a value: the first problem of each field, in the order in which they were found. Looks at
 * the whole value, so bound its size before, and ask only once `fieldProblem` has found something.
 */
export function fieldProblems(contract: ContractClass, value: unknown): FieldProblem[] {
  const validate = compiledBy(thorough, contract);
  if (validate(value)) return [];
  const byPointer = new Map<string, FieldProblem>();
  for (const error of validate.errors ?? []) {
    const problem = error.keyword === 'propertyNames' ? undefined : problemOf(error); // The name's own problem says more.
    if (problem && !byPointer.has(problem.pointer)) byPointer.set(problem.pointer, problem);
  }
  return [...byPointer.values()];
}

function compiledBy(validators: Validators, contract: ContractClass): ValidateFunction {
  const known = validators.compiled.get(contract);
  if (known) return known;
  validators.compiler ??= compilerFor(validators);
  const validate = validators.compiler.compile(schemaDocument(contract, `torch:${contract.name}:${schemas++}`));
  validators.compiled.set(contract, validate);
  return validate;
}

/** @throws InvariantViolation naming the field, when data that was checked before does not fit its contract. */
export function assertFits(contract: ContractClass, value: unknown, what: string): void {
  const problem = fieldProblem(contract, value);
  if (problem) throw new InvariantViolation(`${what} does not fit ${contract.name}: ${problem.message}`);
}

function problemOf(error: ErrorObject | undefined): FieldProblem {
  if (!error) return { pointer: '', message: 'The value does not fit its schema.' };
  const { keyword, message = 'does not fit its schema' } = error;
  const params = error.params as Readonly<Record<string, string | readonly string[]>>;
  const at = (key: string): string => `${error.instancePath}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const problem = (pointer: string, what: string): FieldProblem => ({ pointer, message: `${named(pointer)} ${what}.` });

  if (keyword === 'additionalProperties') return problem(at(String(params.additionalProperty)), 'is not a known field');
  if (keyword === 'required') return problem(at(String(params.missingProperty)), 'is missing');
  if (error.propertyName !== undefined) return problem(at(error.propertyName), `has a name that does not fit: it ${message}`);
  if (keyword === 'enum') return problem(error.instancePath, `must be one of ${(params.allowedValues as string[]).join(', ')}`);
  return problem(error.instancePath, message);
}

/** A JSON Pointer as people read it: `/tasks/3/key` is `"tasks.3.key"`. */
function named(pointer: string): string {
  if (pointer === '') return 'The body';
  return `"${pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.')}"`;
}
