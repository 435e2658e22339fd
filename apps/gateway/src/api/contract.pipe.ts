import { type ContractClass, type FieldProblem, fieldProblem, fieldProblems, fieldsOf } from '@torch/contracts';
import { RequestInvalid } from '@torch/platform';
import { refusal } from './refusal';

export interface Limits {
  readonly bodyDepthMax: number;
  readonly problemsMax: number;
}

/** A JSON object, not yet checked against anything but its depth. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Checks that a value fits its contract. The compiled schema says yes in about a microsecond; only a value that does not
 * fit is looked at again, for everything that is wrong with it.
 *
 * @throws RequestInvalid with a JSON Pointer for each field at fault.
 */
export function fitted<T extends object>(contract: ContractClass<T>, value: unknown, limits: Limits): T {
  const first = fieldProblem(contract, value);
  if (!first) return value as T;
  throw invalid(fieldProblems(contract, value), limits);
}

/** Names as many problems as the limit allows and counts the rest. */
export function invalid(problems: readonly FieldProblem[], { problemsMax }: Limits): RequestInvalid {
  const left = problems.length - problemsMax;
  const more = left > 0 ? [{ pointer: '', message: `There are ${left} more problems.` }] : [];
  return new RequestInvalid([...problems.slice(0, problemsMax), ...more]);
}

/**
 * An absent body is an empty one.
 *
 * @throws RequestInvalid when the body is not an object, Refusal when it is not JSON (415) or nested too deeply (400).
 */
export function jsonObject(body: unknown, { bodyDepthMax }: Limits): JsonObject {
  if (body === undefined) return {};
  if (Buffer.isBuffer(body)) throw refusal(415, 'unsupported-media-type', 'The body must be application/json.');
  if (!isObject(body)) throw new RequestInvalid([{ pointer: '', message: 'The body must be a JSON object.' }]);
  if (deeper(body, bodyDepthMax)) throw refusal(400, 'body-too-deep', `The body is nested more than ${bodyDepthMax} levels deep.`);
  return body;
}

/** Fields that come from the path or the token are no fields of the body. */
export function fittedWith<T extends object>(contract: ContractClass<T>, body: JsonObject, fromElsewhere: Partial<T>, limits: Limits): T {
  const taken = Object.keys(fromElsewhere).filter((name) => Object.hasOwn(body, name));
  if (taken.length > 0) {
    throw invalid(
      taken.map((name) => ({ pointer: `/${name}`, message: `"${name}" is not a known field; it comes from the path or the token.` })),
      limits,
    );
  }
  return fitted(contract, { ...body, ...fromElsewhere }, limits);
}

/** The fields of a query string in the kinds that their class says: numbers, flags, lists parted by commas, maps as `labels[arch]=arm64`. */
export function queryFields(contract: ContractClass, query: Readonly<Record<string, unknown>>): JsonObject {
  const fields = fieldsOf(contract);
  const entries = new Map<string, unknown>();
  for (const [name, value] of Object.entries(query)) {
    const [, map, key] = /^(\w+)\[([^[\]]+)\]$/.exec(name) ?? [];
    if (map === undefined || key === undefined || fields.get(map)?.schema.type !== 'object') {
      entries.set(name, inKind(fields.get(name)?.schema.type, value));
      continue;
    }
    entries.set(map, { ...(entries.get(map) as object | undefined), [key]: value });
  }
  return Object.fromEntries(entries);
}

function inKind(type: unknown, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (type === 'integer' || type === 'number') return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (type === 'boolean') return value === 'true' || (value !== 'false' && value);
  if (type === 'array') return value === '' ? [] : value.split(',');
  return value;
}

function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function deeper(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== 'object') return false;
  return levels === 0 || Object.values(value).some((inner) => deeper(inner, levels - 1));
}
