import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import type { EventContract } from '../contract';
import { fieldsOf, type ContractClass } from '../field';
import { closureOf, objectSchema } from '../json-schema';
import { upcast } from '../upcast';
import { fieldProblem } from '../validate';
import { eventSchema } from './envelope.schema';
import type { TextFile } from './text-file';

export const SUMS_FILE = 'golden.sum';

/** The golden folder as it is: example events by file name, and the text of `golden.sum`. */
export interface GoldenFolder {
  readonly files: readonly TextFile[];
  readonly sums: string;
}

export function readGoldenFolder(folder: string): GoldenFolder {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return {
    files: names.filter((name) => name !== SUMS_FILE).map((path) => ({ path, text: text(path) })),
    sums: names.includes(SUMS_FILE) ? text(SUMS_FILE) : '',
  };
}

/** Adds a line for every golden file that has none. Never touches a line that is there. */
export function addSums(folder: string): void {
  const { files, sums } = readGoldenFolder(folder);
  const known = sumsByName(sums);
  const added = files.filter(({ path }) => !known.has(path)).map(sumLine);
  if (added.length > 0) writeFileSync(join(folder, SUMS_FILE), sums + added.map((line) => `${line}\n`).join(''));
}

/** As `sha256sum` writes and checks them. */
const sumLine = ({ path, text }: TextFile): string => `${sha256(text)}  ${path}`;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const linesOf = (sums: string): string[] => sums.split('\n').filter((line) => line !== '');

function sumsByName(sums: string): Map<string, string> {
  return new Map(linesOf(sums).map((line) => [line.slice(66), line.slice(0, 64)]));
}

/**
 * What is wrong with the golden files, one sentence each; none when every event that was ever written can still be read.
 *
 * `earlierSums` are texts that `golden.sum` had before, such as those of its commits: none of their lines may be gone.
 */
export function goldenProblems(
  contracts: readonly EventContract[],
  { files, sums }: GoldenFolder,
  earlierSums: readonly string[],
): string[] {
  return [
    ...sumProblems(files, sums, earlierSums),
    ...missingExamples(contracts, files),
    ...files.flatMap((file) => exampleProblems(contracts, file)),
  ];
}

function sumProblems(files: readonly TextFile[], sums: string, earlierSums: readonly string[]): string[] {
  const lines = new Set(linesOf(sums));
  const known = sumsByName(sums);
  const found = new Set(files.map(({ path }) => path));
  const gone = new Set(earlierSums.flatMap(linesOf).filter((line) => !lines.has(line)));
  return [
    ...[...gone].map((line) => `${SUMS_FILE} has lost or changed its line for ${line.slice(66)}: lines are only added.`),
    ...(known.size < lines.size ? [`${SUMS_FILE} has two lines for one file.`] : []),
    ...[...known.keys()].filter((name) => !found.has(name)).map((name) => `${name} was removed: golden files are only added.`),
    ...files.filter(({ path }) => !known.has(path)).map(({ path }) => `${path} has no line in ${SUMS_FILE}: npm run contracts adds it.`),
    ...files
      .filter(({ path, text }) => known.has(path) && known.get(path) !== sha256(text))
      .map(({ path }) => `${path} was changed: golden files are only added.`),
  ];
}

const fileName = (type: string, v: number): string => `${type}.v${v}.json`;

function missingExamples(contracts: readonly EventContract[], files: readonly TextFile[]): string[] {
  const found = new Set(files.map(({ path }) => path));
  const wanted = contracts.flatMap(({ type, v }) => Array.from({ length: v }, (_, older) => fileName(type, older + 1)));
  return wanted.filter((name) => !found.has(name)).map((name) => `${name} is missing: every version of an event type has a golden file.`);
}

/** An example must be lifted to the newest version and fit it; one of the newest version must show every field there is. */
function exampleProblems(contracts: readonly EventContract[], { path, text }: TextFile): string[] {
  try {
    const event = JSON.parse(text) as { type: string; v: number; data: unknown };
    const contract = contracts.find(({ type }) => type === event.type);
    if (!contract || path !== fileName(event.type, event.v)) return [`${path} holds an event ${event.type} of version ${event.v}.`];
    const data = upcast(contract, event.v, event.data);
    const problem = fieldProblem(contract.data, data)?.message ?? envelopeProblem(contract, { ...event, v: contract.v, data });
    if (problem) return [`${path} does not fit ${contract.type} any more: ${problem}`];
    return event.v === contract.v ? absentFields(contract.data, data).map((name) => `${path} does not show the field "${name}".`) : [];
  } catch (error) {
    return [`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`];
  }
}

const envelopes = new WeakMap<EventContract, ValidateFunction>();

function envelopeProblem(contract: EventContract, event: object): string | undefined {
  let validate = envelopes.get(contract);
  if (!validate) {
    const $defs = Object.fromEntries(closureOf([contract.data]).map((inner) => [inner.name, objectSchema(inner)]));
    validate = new Ajv2020({ strict: false }).compile({ ...eventSchema(contract, '#/$defs/'), $defs });
    envelopes.set(contract, validate);
  }
  return validate(event) ? undefined : new Ajv2020().errorsText(validate.errors);
}

function absentFields(contract: ContractClass, data: unknown): string[] {
  return [...fieldsOf(contract)].flatMap(([name, { schema }]) => {
    const value = (data as Record<string, unknown>)[name];
    if (value === undefined) return [name];
    const inner = schema.contract ?? schema.items?.contract;
    const shown = Array.isArray(value) ? value[0] : value;
    return inner && shown !== undefined ? absentFields(inner(), shown).map((field) => `${name}.${field}`) : [];
  });
}
