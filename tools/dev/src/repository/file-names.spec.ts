import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './workspace-copy';

const SOURCE = /\.(ts|tsx|mjs|cjs|lua)$/;
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
const NAMES_THAT_SAY_NOTHING = new Set(['util', 'utils', 'common', 'helper', 'helpers', 'misc', 'base', 'impl', 'manager']);
const FOLDERS_OF_LANGUAGE = new Set(['interfaces', 'types', 'enums', 'classes', 'constants']);
const LEFT_OUT = new Set(['node_modules', 'dist', 'coverage']);

/** What is wrong with a source file's path; undefined for nothing. */
function nameProblem(path: string): string | undefined {
  const parts = path.split('/');
  if (!parts.every((part) => KEBAB_CASE.test(part))) return `${path}: names are kebab-case.`;
  const word = parts.flatMap((part) => part.split(/[-.]/)).find((part) => NAMES_THAT_SAY_NOTHING.has(part));
  if (word) return `${path}: "${word}" says nothing about what is in it.`;
  const folder = parts.slice(0, -1).find((part) => FOLDERS_OF_LANGUAGE.has(part));
  if (folder) return `${path}: "${folder}" groups by language construct, not by subject.`;
  if (parts.at(-1) === 'index.ts' && parts.at(-2) !== 'src') return `${path}: index.ts is only for a library's root.`;
  return undefined;
}

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return LEFT_OUT.has(entry.name) ? [] : sourcesBelow(`${folder}/${entry.name}`);
    return SOURCE.test(entry.name) ? [`${folder}/${entry.name}`] : [];
  });
}

describe('the name of a source file', () => {
  it.each([
    ['libs/log/src/Commit.ts', 'kebab-case'],
    ['libs/log/src/commit_codec.ts', 'kebab-case'],
    ['libs/log/src/utils.ts', '"utils"'],
    ['libs/log/src/lease-manager.ts', '"manager"'],
    ['libs/log/src/common/commit.ts', '"common"'],
    ['libs/log/src/types/commit.ts', 'language construct'],
    ['libs/log/src/codec/index.ts', "library's root"],
  ])('is refused: %s', (path, problem) => {
    expect(nameProblem(path)).toContain(problem);
  });

  it('follows the rules throughout the repository', () => {
    const sources = ['apps', 'libs', 'tools'].flatMap(sourcesBelow);
    expect(sources).toContain('tools/dev/src/repository/file-names.spec.ts');
    expect(sources.map(nameProblem).filter((problem) => problem !== undefined)).toEqual([]);
  });
});
