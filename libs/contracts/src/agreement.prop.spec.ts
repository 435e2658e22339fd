import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import fc from 'fast-check';
import { type ContractClass, type FieldSchema, fieldsOf } from './field';
import { hostQueries } from './host/host.queries';
import { closureOf } from './json-schema';
import { Plan } from './plan/plan';
import { COMMANDS, EVENTS, QUERIES } from './registry-of-contracts';
import { fieldProblem } from './validate';

const hostContracts = Object.values(hostQueries).map((query) => query('registry'));
const contracts = closureOf([
  Plan,
  ...[...EVENTS, ...COMMANDS].map(({ data }) => data),
  ...[...QUERIES, ...hostContracts].flatMap(({ data, answer }) => [data, answer]),
]);

/** Lists are cut here: a rule about their length shows at the small limits of the classes below. */
const ELEMENTS_MAX = 3;

/** An arbitrary takes longer to make than to use. */
const objects = new Map<ContractClass, fc.Arbitrary<object>>();
const patterns = new Map<string, fc.Arbitrary<string>>();

function once<Key, Made>(made: Map<Key, Made>, key: Key, make: () => Made): Made {
  let one = made.get(key);
  if (one === undefined) made.set(key, (one = make()));
  return one;
}

const matching = (pattern: string): fc.Arbitrary<string> => once(patterns, pattern, () => fc.stringMatching(new RegExp(pattern)));

function validValue(schema: FieldSchema): fc.Arbitrary<unknown> {
  if (schema.contract) return validObject(schema.contract());
  if (schema.enum) return fc.constantFrom(...(schema.enum as string[]));
  if (schema.pattern) return matching(schema.pattern as string);
  const [min, max] = [
    Number(schema.minimum ?? schema.minLength ?? schema.minItems ?? 0),
    Number(schema.maximum ?? schema.maxLength ?? schema.maxItems ?? 0),
  ];
  switch (schema.type) {
    case 'string':
      return fc.oneof(
        { weight: 3, arbitrary: text({ min, max: Math.min(max, min + 12) }) },
        { weight: 1, arbitrary: fc.constantFrom('é', '👍🏽', '❤️').map((c) => repeat(c, max)) },
      );
    case 'integer':
      return fc.oneof(fc.integer({ min: Math.max(min, -1000), max: Math.min(max, 1000) }), fc.constantFrom(min, max, min === 0 ? -0 : min));
    case 'number':
      return fc.double({ min, max, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(validValue(schema.items ?? {}), { minLength: min, maxLength: Math.min(max, ELEMENTS_MAX) });
    case 'object':
      return validMap(schema);
    default:
      throw new Error(`No arbitrary for ${JSON.stringify(schema)}.`);
  }
}

/** Of a map, names and values follow rules of their own; any object is one of any fields. */
function validMap({ propertyNames, additionalProperties }: FieldSchema): fc.Arbitrary<unknown> {
  const { pattern } = (propertyNames ?? { pattern: '^[A-Z_]{1,8}$' }) as { pattern: string };
  const { minLength = 0 } = (additionalProperties ?? {}) as { minLength?: number };
  const names = matching(pattern).filter((name) => !(name in Object.prototype));
  return fc.dictionary(names, fc.string({ minLength }), { maxKeys: ELEMENTS_MAX });
}

const text = ({ min, max }: { min: number; max: number }): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom('a', 'ß', '€', '😀', '\ufe0f', '\ud800', '\u200d', '\n'), minLength: min, maxLength: max });

/** As many code points of `unit` as fit; the rest is filled with letters. */
function repeat(unit: string, codePoints: number): string {
  const each = [...unit].length;
  return unit.repeat(Math.floor(codePoints / each)) + 'a'.repeat(codePoints % each);
}

const validObject = (contract: ContractClass): fc.Arbitrary<object> => once(objects, contract, () => madeObject(contract));

function madeObject(contract: ContractClass): fc.Arbitrary<object> {
  const fields = [...fieldsOf(contract)];
  const model = Object.fromEntries(fields.map(([name, { schema }]) => [name, validValue(schema)]));
  return fc.record(model, { requiredKeys: fields.filter(([, { optional }]) => !optional).map(([name]) => name), noNullPrototype: true });
}

/** What breaks rules: other types, values just beyond a limit, look-alikes. */
const SMALL_WRONG: readonly unknown[] = [
  ...[null, undefined, '', ' ', 'A b', '\n', 'a\n', true, 0, -0, -1, -2, 0.5, 1e300, 2 ** 53, 256, 1001, Number.NaN, Infinity],
  ...[[], {}, [[]], [null], [{}], { 0: 'a' }, { '1A': 'x' }, { A: 1 }, { A: null }, { 'A B': '' }],
];
const smallOrLongText: readonly fc.Arbitrary<unknown>[] = [
  fc.constantFrom(...SMALL_WRONG),
  fc
    .constantFrom(41, 64, 65, 128, 129, 200, 201, 255, 256, 257)
    .chain((n) => fc.constantFrom('a', '😀', '❤️', 'ﬃ').map((c) => repeat(c, n))),
  fc.jsonValue({ maxDepth: 2 }).filter(withoutInheritedNames),
];
const longList = fc.constantFrom(33, 65, 101).map((n) => Array<string>(n).fill('a'));
const largeMap = fc.oneof(
  fc.constantFrom(257, 256).map((n) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`V${i}`, '']))),
  fc.constantFrom(32_768, 32_769).map((n) => ({ A: '😀'.repeat(n) })),
);

/** A list's and a map's limits are tried where there is a list or a map: elsewhere the smallest is as wrong as the largest, and sooner judged. */
function wrongValueFor(contract: ContractClass): fc.Arbitrary<unknown> {
  const types = new Set(closureOf([contract]).flatMap((part) => [...fieldsOf(part).values()].map(({ schema }) => typeOf(schema))));
  return fc.oneof(...smallOrLongText, ...(types.has('array') ? [longList] : []), ...(types.has('map') ? [largeMap] : []));
}

const typeOf = ({ type, contract }: FieldSchema): unknown => (type === 'object' && !contract ? 'map' : type);

/** Drops a field, adds one, or puts something else into its place; at the top or further in. */
function mutated(value: object, wrongValue: fc.Arbitrary<unknown>): fc.Arbitrary<object> {
  return fc
    .tuple(fc.constantFrom('drop', 'add', 'replace', 'replace'), fc.nat(), fc.nat(), wrongValue)
    .map(([how, depth, which, wrong]) => {
      const copy = copyOf(value) as Record<string, unknown>;
      let at = copy;
      for (let d = depth % 3; d > 0; d--) {
        const inner = Object.values(at).filter((v): v is Record<string, unknown> => v !== null && typeof v === 'object');
        at = inner[which % (inner.length || 1)] ?? at;
      }
      const keys = Object.keys(at);
      const key = keys[which % (keys.length || 1)];
      if (how === 'add' || key === undefined) at[Array.isArray(at) ? String(keys.length) : 'unheardOf'] = wrong;
      else if (how === 'drop' && !Array.isArray(at)) delete at[key];
      else at[key] = wrong;
      return copy;
    });
}

function copyOf(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(copyOf);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, copyOf(inner)]));
}

/**
 * class-transformer drops keys such as `constructor` and class-validator takes `hasOwnProperty` for a known field, so
 * such names are outside of what the two agree on; `fieldProblem` refuses them (see validate.spec.ts).
 */
function withoutInheritedNames(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return true;
  return Object.entries(value).every(([key, inner]) => !(key in Object.prototype) && withoutInheritedNames(inner));
}

function acceptedByClassValidator(contract: ContractClass, value: object): boolean {
  const instance = plainToInstance(contract, value) as object;
  return validateSync(instance, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: false }).length === 0;
}

const acceptedBySchema = (contract: ContractClass, value: object): boolean => fieldProblem(contract, value) === undefined;

/** How the two judge a value, where they differ. */
function disagreement(contract: ContractClass, value: object): object | undefined {
  const byClass = acceptedByClassValidator(contract, value);
  return byClass === acceptedBySchema(contract, value) ? undefined : { value, byClass, bySchema: !byClass };
}

describe.each(contracts.map((contract) => [contract.name, contract] as const))('%s', (_name, contract) => {
  it('is accepted by class-validator and by its schema when it is well-formed', () => {
    fc.assert(
      fc.property(validObject(contract), (value) => {
        expect([fieldProblem(contract, value), acceptedByClassValidator(contract, value)]).toEqual([undefined, true]);
      }),
      { numRuns: 10 },
    );
  });

  it('is judged alike by both when it is not', () => {
    const wrong = wrongValueFor(contract);
    const sometimesWrong = validObject(contract).chain((value) =>
      fc.oneof(
        mutated(value, wrong),
        mutated(value, wrong).chain((other) => mutated(other, wrong)),
      ),
    );
    fc.assert(
      fc.property(sometimesWrong, (value) => {
        const differs = disagreement(contract, value);
        // An expectation costs as much as both judgements.
        if (differs) expect(differs).toBeUndefined();
      }),
      { numRuns: 35 },
    );
  });
});

describe('the comparison', () => {
  it('sees values of both kinds', () => {
    const wrong = wrongValueFor(Plan);
    const samples = fc.sample(
      validObject(Plan).chain((value) => mutated(value, wrong)),
      200,
    );
    const accepted = samples.filter((value) => acceptedBySchema(Plan, value)).length;
    expect(accepted).toBeGreaterThan(5);
    expect(samples.length - accepted).toBeGreaterThan(50);
  });
});
