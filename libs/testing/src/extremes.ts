import { type ContractClass, type FieldSchema, fieldsOf } from '@torch/contracts';
import fc from 'fast-check';

/** Four bytes in UTF-8, two units of a string, one character. */
const WIDE = '\u{1F6D1}';
/** Six bytes in JSON, which escapes it. */
const ESCAPED = '\u0001';
const LONG_NAMES = [1, 8, 63, 64, 128, 255, 256].map((length) => 'n'.repeat(length));
const PATTERNED = [...LONG_NAMES, `${'n'.repeat(64)}:9`, '1ms', '1d', `sealed:1:${'0'.repeat(48)}:${'A'.repeat(64)}`];

export interface Extremes {
  /** Items of a list and names of a map at most, where the contract allows more: what is made has to be made, too. */
  readonly itemsMax: number;
}

/**
 * Data that fits a contract class, with each field at one of its extremes: the longest text, in characters of four bytes, of one, or of
 * such as JSON escapes; the smallest and the largest number; no items and the most; there and absent.
 */
export function extremes(contract: ContractClass, limits: Extremes): fc.Arbitrary<Record<string, unknown>> {
  const required: Record<string, fc.Arbitrary<unknown>> = {};
  const requiredKeys: string[] = [];
  for (const [name, { schema, optional }] of fieldsOf(contract)) {
    required[name] = extremeValue(schema, limits);
    if (!optional) requiredKeys.push(name);
  }
  return fc.record(required, { requiredKeys, noNullPrototype: true });
}

function extremeValue(schema: FieldSchema, limits: Extremes): fc.Arbitrary<unknown> {
  if (schema.contract) return extremes(schema.contract(), limits);
  if (schema.enum) return fc.constantFrom(...(schema.enum as unknown[]));
  switch (schema.type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'number':
      return fc.constantFrom(schema.minimum, schema.maximum);
    case 'string':
      return fc.constantFrom(...extremeTexts(schema));
    case 'array':
      return list(schema, limits);
    case 'object':
      return schema.propertyNames ? map(schema, limits) : fc.constantFrom({}, { text: 'x'.repeat(16_000) });
    default:
      throw new Error(`No extremes of ${JSON.stringify(schema)}.`);
  }
}

function extremeTexts({ pattern, minLength = 0, maxLength = 0 }: FieldSchema): readonly string[] {
  if (pattern === undefined) {
    const longest = [WIDE, ESCAPED, 'x'].map((character) => character.repeat(Number(maxLength)));
    return [...longest, 'x'.repeat(Number(minLength))];
  }
  const fitting = PATTERNED.filter((text) => new RegExp(String(pattern)).test(text));
  return [fitting.at(0) as string, fitting.reduce((a, b) => (b.length > a.length ? b : a))];
}

function list({ minItems = 0, maxItems = 0, items = {} }: FieldSchema, limits: Extremes): fc.Arbitrary<unknown[]> {
  const [min, max] = [Number(minItems), Math.max(Number(minItems), Math.min(Number(maxItems), limits.itemsMax))];
  const value = extremeValue(items, limits);
  const of = (length: number) => fc.array(value, { minLength: length, maxLength: length });
  return fc.oneof(of(min), of(max)).map((all) => (items.pattern === undefined ? all : all.map((one, n) => numbered(String(one), n))));
}

/** Ids of one list differ. */
function numbered(text: string, n: number): string {
  const [name = '', ...rest] = text.split(':');
  const digits = String(n);
  return [name.slice(0, Math.max(1, name.length - digits.length)) + digits, ...rest].join(':');
}

function map({ maxProperties = 0, propertyNames, additionalProperties }: FieldSchema, limits: Extremes): fc.Arbitrary<object> {
  const names = extremeTexts(propertyNames as FieldSchema);
  const count = Math.min(Number(maxProperties), limits.itemsMax);
  const filled = fc.tuple(fc.constantFrom(...names), extremeValue(additionalProperties as FieldSchema, limits));
  return fc.oneof(
    fc.constant({}),
    filled.map(([name, value]) => Object.fromEntries(Array.from({ length: count }, (_, n) => [numbered(name, n), value]))),
  );
}
