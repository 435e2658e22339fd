import { InvariantViolation } from '@torch/kernel';
import Ajv2020, { type ErrorObject, type ValidateFunction } from 'ajv/dist/2020';
import { type ContractClass } from './field';
import { schemaDocument } from './json-schema';

/** What is wrong with a value, and where: a JSON Pointer and a sentence that names the field. */
export interface FieldProblem {
  readonly pointer: string;
  readonly message: string;
}

const ajv = new Ajv2020({ allErrors: false, strict: true, strictTypes: false, strictRequired: false });
const compiled = new WeakMap<ContractClass, ValidateFunction>();
let schemas = 0;

/**
 * Checks plain data against its contract class: compiled once per class, about a microsecond a value after that.
 * Returns the first problem found, or undefined.
 */
export function fieldProblem(contract: ContractClass, value: unknown): FieldProblem | undefined {
  let validate = compiled.get(contract);
  if (!validate) {
    validate = ajv.compile(schemaDocument(contract, `torch:${contract.name}:${schemas++}`));
    compiled.set(contract, validate);
  }
  return validate(value) ? undefined : problemOf(validate.errors?.[0]);
}

/** @throws InvariantViolation naming the field, when data that was checked before does not fit its contract. */
export function assertFits(contract: ContractClass, value: unknown, what: string): void {
  const problem = fieldProblem(contract, value);
  if (problem) throw new InvariantViolation(`${what} does not fit ${contract.name}: ${problem.message}`);
}

function problemOf(error: ErrorObject | undefined): FieldProblem {
  if (!error) return { pointer: '', message: 'The value does not fit its schema.' };
  const at = error.instancePath;
  const named = (pointer: string): string => (pointer === '' ? 'The body' : `"${pointer.slice(1).replaceAll('/', '.')}"`);
  if (error.keyword === 'additionalProperties') {
    const pointer = `${at}/${(error.params as { additionalProperty: string }).additionalProperty}`;
    return { pointer, message: `${named(pointer)} is not a known field.` };
  }
  if (error.keyword === 'required') {
    const pointer = `${at}/${(error.params as { missingProperty: string }).missingProperty}`;
    return { pointer, message: `${named(pointer)} is missing.` };
  }
  if (error.keyword === 'enum') {
    return { pointer: at, message: `${named(at)} must be one of ${(error.params as { allowedValues: string[] }).allowedValues.join(', ')}.` };
  }
  return { pointer: at, message: `${named(at)} ${error.message ?? 'does not fit its schema'}.` };
}
