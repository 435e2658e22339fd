import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asyncApiDocument } from './asyncapi';
import { olderSchemaPaths, schemaFiles } from './schema-files';
import type { TextFile } from './text-file';

/** Every document that is generated from the contract classes of this library, by its path under `docs/contracts`. */
export function contractDocuments(): TextFile[] {
  return [...schemaFiles(), { path: 'asyncapi.json', text: `${JSON.stringify(asyncApiDocument(), null, 2)}\n` }];
}

/** How a folder differs from what would be generated into it: `missing`, `changed` or `left over`, one sentence each. */
export function drift(folder: string, documents: readonly TextFile[]): string[] {
  const problems = documents.flatMap(({ path, text }) => {
    const found = textOf(join(folder, path));
    if (found === text) return [];
    return [found === undefined ? `${path} is missing.` : `${path} is not what the contracts say.`];
  });
  const older = olderSchemaPaths().filter((path) => !existsSync(join(folder, path)));
  return [
    ...problems,
    ...older.map((path) => `${path} was published with an older version of the event and is missing.`),
    ...leftOver(folder, documents).map((path) => `${path} is left over: no contract has it.`),
  ];
}

/** Writes what differs and removes what is left over. */
export function writeDocuments(folder: string, documents: readonly TextFile[]): void {
  for (const path of leftOver(folder, documents)) rmSync(join(folder, path));
  for (const { path, text } of documents) {
    const file = join(folder, path);
    if (textOf(file) === text) continue;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

function leftOver(folder: string, documents: readonly TextFile[]): string[] {
  const known = new Set([...documents.map(({ path }) => path), ...olderSchemaPaths()]);
  const schemas = join(folder, 'schemas');
  const found = existsSync(schemas) ? readdirSync(schemas).map((name) => `schemas/${name}`) : [];
  return found.filter((path) => !known.has(path));
}

const textOf = (file: string): string | undefined => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);
