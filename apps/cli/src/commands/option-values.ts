import { type ContractClass, durationMs, fieldsOf, NAME_PATTERN, SKILL_PATTERN } from '@torch/contracts';
import { InvalidArgumentError } from 'commander';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { wrongUsage } from '../cli.errors';
import { wholeNumber } from './command-group';

/** Parsers of options. Each throws an error that names the option, for commander to show with the usage. */
export type Parser<T> = (text: string) => T;

/** A duration such as `30s` or `2h`, in ms. */
export function durationOption(name: string): Parser<number> {
  return (text) => {
    const ms = durationMs(text);
    if (ms === undefined) throw new InvalidArgumentError(`${name} must be a duration such as "30s", "10m" or "2h".`);
    return ms;
  };
}

/** A number that need not be whole: an amount of money, a weight. */
export function decimalOption(name: string, { min, max }: { min: number; max: number }): Parser<number> {
  return (text) => {
    const value = Number(text);
    if (!/^\d+(\.\d+)?$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`${name} must be a number from ${min} to ${max}.`);
    return value;
  };
}

/** A text as short as a field of a contract has to be. */
export function textOption(name: string, contract: ContractClass, field: string): Parser<string> {
  const { minLength, maxLength } = fieldsOf(contract).get(field)?.schema as { minLength: number; maxLength: number };
  return (text) => {
    const { length } = [...text];
    if (length < minLength || length > maxLength)
      throw new InvalidArgumentError(`${name} must have ${minLength} to ${maxLength} characters, but has ${length}.`);
    return text;
  };
}

/** Tasks that an agent takes at a time. */
export const capacityOption = (name: string): Parser<number> => wholeNumber(name, { min: 1, max: 1000 });

/** `typescript,nest`. */
export const namesOption = (name: string): Parser<string[]> =>
  listOf(name, NAME_PATTERN, '1 to 64 lower-case letters, digits, ".", "_" or "-"');

/** `typescript:3,nest`. */
export const skillsOption = (name: string): Parser<string[]> =>
  listOf(name, SKILL_PATTERN, 'a skill such as "typescript" or "typescript:3"');

function listOf(name: string, pattern: RegExp, what: string): Parser<string[]> {
  return (text) => {
    const values = text
      .split(',')
      .map((value) => value.trim())
      .filter(Boolean);
    const bad = values.find((value) => !pattern.test(value));
    if (bad !== undefined) throw new InvalidArgumentError(`${name}: "${bad}" must be ${what}.`);
    return values;
  };
}

/** `gpu=yes,region=eu`; as JSON where values have commas. */
export function labelsOption(name: string): Parser<Record<string, string>> {
  return (text) => {
    const pairs = text.startsWith('{')
      ? pairsOf(name, text)
      : text.split(',').map((pair) => /^\s*([^=]+)=(.+?)\s*$/.exec(pair)?.slice(1) ?? [pair, '']);
    const bad = pairs.find(([label = '', value]) => !NAME_PATTERN.test(label) || !value);
    if (bad) throw new InvalidArgumentError(`${name}: "${bad[0]}" must be a label and its value, such as "region=eu".`);
    return Object.fromEntries(pairs) as Record<string, string>;
  };
}

function pairsOf(name: string, json: string): string[][] {
  try {
    return Object.entries(JSON.parse(json) as Record<string, unknown>).map(([label, value]) => [
      label,
      typeof value === 'string' ? value : '',
    ]);
  } catch {
    throw new InvalidArgumentError(`${name}: "${json}" is not JSON.`);
  }
}

/** A file's text. */
export function fileText(cwd: string, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(resolve(cwd, path)));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT' ? 'There is no such file.' : code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'The file is not UTF-8 text.' : message;
    throw wrongUsage(`${path}: ${why}`);
  }
}
