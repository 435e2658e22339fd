import 'reflect-metadata';
// By their own modules: the packages' entry points load a hundred more, and phone numbers, into every process: 250 ms.
import { Type } from 'class-transformer/cjs/decorators/type.decorator';
import { ArrayMaxSize } from 'class-validator/cjs/decorator/array/ArrayMaxSize';
import { ArrayMinSize } from 'class-validator/cjs/decorator/array/ArrayMinSize';
import { IsArray } from 'class-validator/cjs/decorator/typechecker/IsArray';
import { IsBoolean } from 'class-validator/cjs/decorator/typechecker/IsBoolean';
import { IsIn } from 'class-validator/cjs/decorator/common/IsIn';
import { IsInt } from 'class-validator/cjs/decorator/typechecker/IsInt';
import { IsNumber } from 'class-validator/cjs/decorator/typechecker/IsNumber';
import { IsString } from 'class-validator/cjs/decorator/typechecker/IsString';
import { Matches } from 'class-validator/cjs/decorator/string/Matches';
import { Max } from 'class-validator/cjs/decorator/number/Max';
import { Min } from 'class-validator/cjs/decorator/number/Min';
import { ValidateBy } from 'class-validator/cjs/decorator/common/ValidateBy';
import { ValidateIf } from 'class-validator/cjs/decorator/common/ValidateIf';
import { ValidateNested } from 'class-validator/cjs/decorator/common/ValidateNested';
import { DURATION_PATTERN } from './duration';

/** A class whose fields carry the decorators of this file. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a class of any shape
export type ContractClass<T extends object = any> = new () => T;

/** A JSON Schema fragment (2020-12); `contract` stands for a `$ref` to another contract class. */
export interface FieldSchema {
  readonly [keyword: string]: unknown;
  readonly contract?: () => ContractClass;
  readonly items?: FieldSchema;
  /** What is published instead, where it says more than the rule that callers keep to. */
  readonly published?: Readonly<Record<string, unknown>>;
}

interface Field {
  schema: FieldSchema;
  optional: boolean;
  description?: string;
  /** See `Verbatim`. */
  verbatim?: boolean;
  /** See `Sensitive`. */
  sensitive?: boolean;
}

const fieldsByPrototype = new WeakMap<object, Map<string, Field>>();

/**
 * One decorator per kind of field. Each states a rule once, for class-validator and for JSON Schema alike, so that the
 * HTTP edge and the log's edge cannot come to disagree.
 */
function field(schema: FieldSchema, ...validators: PropertyDecorator[]): PropertyDecorator {
  return (target, name) => {
    ownField(target, String(name)).schema = schema;
    for (const validate of validators) validate(target, name);
  };
}

function ownField(target: object, name: string): Field {
  let fields = fieldsByPrototype.get(target);
  if (!fields) fieldsByPrototype.set(target, (fields = new Map()));
  let found = fields.get(name);
  if (!found) fields.set(name, (found = { schema: {}, optional: false }));
  return found;
}

/** The fields of a contract class, inherited ones first. */
export function fieldsOf(contract: ContractClass): ReadonlyMap<string, Readonly<Field>> {
  const chain: object[] = [];
  for (let p = contract.prototype as object | null; p && p !== Object.prototype; p = Object.getPrototypeOf(p) as object | null)
    chain.unshift(p);
  return new Map(chain.flatMap((prototype) => [...(fieldsByPrototype.get(prototype) ?? [])]));
}

/** The field may be absent. `null` is not absence. */
export function Optional(): PropertyDecorator {
  return (target, name) => {
    ownField(target, String(name)).optional = true;
    ValidateIf((owner: Record<string, unknown>) => owner[String(name)] !== undefined)(target, name);
  };
}

/** A sentence for the published schemas. */
export function Describe(description: string): PropertyDecorator {
  return (target, name) => {
    ownField(target, String(name)).description = description;
  };
}

/**
 * A machine takes the text as it is: a command, a path. A secret in it is refused rather than redacted, since half a command
 * is worse than none.
 */
export function Verbatim(): PropertyDecorator {
  return (target, name) => {
    ownField(target, String(name)).verbatim = true;
  };
}

export const ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
export const NAME_PATTERN = /^[a-z0-9][a-z0-9._-]{0,63}$/;
export const PROJECT_PATTERN = /^[a-z0-9][a-z0-9-]{0,62}$/;
const ENV_NAME_PATTERN = /^[A-Za-z_][A-Za-z0-9_]*$/;

function pattern(regex: RegExp, what: string): PropertyDecorator {
  return field(
    { type: 'string', pattern: regex.source },
    IsString(),
    Matches(regex, { message: `$property must be ${what}, but is $value` }),
  );
}

/** An id chosen by whoever makes the thing: 1 to 128 letters, digits, `.`, `_`, `:` or `-`. */
export const Id = (): PropertyDecorator => pattern(ID_PATTERN, 'an id of 1 to 128 letters, digits, ".", "_", ":" or "-"');

/** A role, a skill, a key: 1 to 64 lower-case letters, digits, `.`, `_` or `-`. */
export const Name = (): PropertyDecorator => pattern(NAME_PATTERN, 'a name of 1 to 64 lower-case letters, digits, ".", "_" or "-"');

/** A project: 1 to 63 lower-case letters, digits or `-`, as a DNS label. */
export const ProjectName = (): PropertyDecorator => pattern(PROJECT_PATTERN, 'a project name of 1 to 63 lower-case letters, digits or "-"');

/** `250ms`, `30s`, `10m`, `2h`, `1d`. */
export const Duration = (): PropertyDecorator => pattern(DURATION_PATTERN, 'a duration such as "30s", "10m" or "2h"');

/** Text of `min` to `max` characters, counted in Unicode code points as JSON Schema counts them. */
export function Text({ min = 0, max }: { min?: number; max: number }): PropertyDecorator {
  return field({ type: 'string', minLength: min, maxLength: max }, IsString(), hasCharacters({ min, max }));
}

/** What stands in place of a sensitive text: the id of its key, and the encrypted text in base64url. */
export const SEALED_PATTERN = /^sealed:1:[0-9a-f]{48}:[A-Za-z0-9_-]{38,}$/;
/** The longest sealed form of a text of so many characters: 4 bytes each, nonce and tag, four characters for three bytes. */
const sealedCharsMax = (max: number): number => Math.ceil(((max * 4 + 28) * 4) / 3) + 64;

/**
 * A text that may say something about a person. In the log it is sealed: encrypted under a key of whoever wrote it, so that it
 * can be erased by destroying the key. Both forms fit; the limits are those of the text itself.
 */
export function Sensitive({ min = 0, max }: { min?: number; max: number }): PropertyDecorator {
  const plain = { type: 'string', minLength: min, maxLength: max };
  const sealed = { type: 'string', pattern: SEALED_PATTERN.source, maxLength: sealedCharsMax(max) };
  const isSealed = (value: unknown): boolean => typeof value === 'string' && value.length <= sealed.maxLength && SEALED_PATTERN.test(value);
  const decorate = field(
    { ...plain, published: { 'x-torch-sensitive': true, anyOf: [plain, sealed] } },
    hasCharacters({ min, max, or: isSealed }),
  );
  return (target, name) => {
    decorate(target, name);
    ownField(target, String(name)).sensitive = true;
  };
}

export function Whole({ min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {}): PropertyDecorator {
  return field({ type: 'integer', minimum: min, maximum: max }, IsInt(), Min(min), Max(max));
}

/** A number that need not be whole: a score, an amount of money. */
export function Decimal({ min, max }: { min: number; max: number }): PropertyDecorator {
  return field({ type: 'number', minimum: min, maximum: max }, IsNumber(), Min(min), Max(max));
}

/** A moment: epoch ms. */
export const AtMs = (): PropertyDecorator => Whole({ min: 0 });

export const Flag = (): PropertyDecorator => field({ type: 'boolean' }, IsBoolean());

/** An object of any fields: what was recorded, whatever its type and version. */
export const AnyObject = (): PropertyDecorator => field({ type: 'object' }, isPlainObject());

export function OneOf(values: readonly string[]): PropertyDecorator {
  return field({ type: 'string', enum: [...values] }, IsIn(values as string[]));
}

export function Nested(contract: () => ContractClass): PropertyDecorator {
  return field({ contract }, isPlainObject(), ValidateNested(), Type(contract));
}

export function ListOf(contract: () => ContractClass, { min = 0, max }: { min?: number; max: number }): PropertyDecorator {
  return field(
    { type: 'array', minItems: min, maxItems: max, items: { contract } },
    IsArray(),
    ArrayMinSize(min),
    ArrayMaxSize(max),
    isPlainObject({ each: true }),
    ValidateNested({ each: true }),
    Type(contract),
  );
}

function textList(regex: RegExp, what: string, { min = 0, max }: { min?: number; max: number }): PropertyDecorator {
  return field(
    { type: 'array', minItems: min, maxItems: max, items: { type: 'string', pattern: regex.source } },
    IsArray(),
    ArrayMinSize(min),
    ArrayMaxSize(max),
    IsString({ each: true }),
    Matches(regex, { each: true, message: `each value in $property must be ${what}` }),
  );
}

export const Names = (limits: { min?: number; max: number }): PropertyDecorator =>
  textList(NAME_PATTERN, 'a name of 1 to 64 lower-case letters, digits, ".", "_" or "-"', limits);

/** `typescript`, or `typescript:3` where a level from 1 to 9 matters. */
export const SKILL_PATTERN = /^[a-z0-9][a-z0-9._-]{0,63}(:[1-9])?$/;

/** Skills, each with its level where one matters. What an agent has without a level counts as level 1. */
export const Skills = (limits: { min?: number; max: number }): PropertyDecorator =>
  textList(SKILL_PATTERN, 'a skill such as "typescript" or "typescript:3"', limits);

export const Ids = (limits: { min?: number; max: number }): PropertyDecorator => textList(ID_PATTERN, 'an id', limits);

/** Labels: up to 32 names, each with a text of up to 128 characters. */
export const Labels = (): PropertyDecorator =>
  textMap({ names: NAME_PATTERN, max: 32, valueMin: 1, valueMax: 128, what: 'label names to texts of 1 to 128 characters' });

/** Environment variables: names as POSIX has them, string values of up to 32 KiB. */
export const EnvMap = (): PropertyDecorator =>
  textMap({ names: ENV_NAME_PATTERN, max: 256, valueMax: 32_768, what: 'variable names to strings' });

interface TextMapLimits {
  readonly names: RegExp;
  readonly max: number;
  readonly valueMin?: number;
  readonly valueMax: number;
  readonly what: string;
}

/** An object of any names that fit, each with a text. */
function textMap({ names, max, valueMin = 0, valueMax, what }: TextMapLimits): PropertyDecorator {
  const accept = (value: unknown): boolean => {
    if (!isObject(value)) return false;
    const entries = Object.entries(value);
    return entries.length <= max && entries.every(([name, text]) => names.test(name) && isTextWithin(text, valueMin, valueMax));
  };
  return field(
    {
      type: 'object',
      maxProperties: max,
      propertyNames: { type: 'string', pattern: names.source },
      additionalProperties: { type: 'string', ...(valueMin > 0 && { minLength: valueMin }), maxLength: valueMax },
    },
    ValidateBy({ name: 'textMap', validator: { validate: accept, defaultMessage: () => `$property must map ${what}` } }),
  );
}

/** class-validator's own `Length` counts an emoji and its variation selector as one, which JSON Schema does not. */
function hasCharacters({ min, max, or }: { min: number; max: number; or?: (value: unknown) => boolean }): PropertyDecorator {
  return ValidateBy({
    name: 'characters',
    validator: {
      validate: (value: unknown) => or?.(value) === true || isTextWithin(value, min, max),
      defaultMessage: () => `$property must have ${min} to ${max} characters`,
    },
  });
}

function isTextWithin(value: unknown, min: number, max: number): boolean {
  if (typeof value !== 'string') return false;
  let codePoints = 0;
  for (const _ of value) codePoints++; // eslint-disable-line @typescript-eslint/no-unused-vars -- iterating is what counts code points
  return codePoints >= min && codePoints <= max;
}

const isObject = (value: unknown): value is object => value !== null && typeof value === 'object' && !Array.isArray(value);

function isPlainObject(options: { each?: boolean } = {}): PropertyDecorator {
  return ValidateBy(
    {
      name: 'plainObject',
      validator: { validate: isObject, defaultMessage: () => '$property must be an object' },
    },
    options,
  );
}
