import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;
/** Made, not written: only looked for where there is no git to ask. */
const FOLDERS_SKIPPED = new Set(['.git', '.torch', '.cache', '.nx', 'node_modules', 'dist', 'coverage']);

/** The results of one run lie beside each other; outside of a run, in one place. */
const results = resolve(process.env.TORCH_DATA_DIR ?? '.torch', 'reports', process.env.TORCH_RUN_ID ?? 'by-hand');

/** What git prints, or undefined where there is no git, no repository or no commit. */
export function git(...args) {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: OUTPUT_BYTES_MAX });
  } catch {
    return undefined;
  }
}

/** Paths of the files of this checkout, with their sizes in bytes. */
export function filesHere() {
  const paths = git('ls-files', '-z', '--cached', '--others', '--exclude-standard')?.split('\0').filter(Boolean) ?? walk('.');
  return [...new Set(paths)].flatMap((path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.isFile() ? [{ path, bytes: found.size }] : [];
  });
}

/** The text of a file, or undefined when it is none. */
export function textOf(path) {
  const content = readFileSync(path);
  return content.includes(0) ? undefined : content.toString('utf8');
}

export function keep(name, value) {
  return keepText(`${name}.json`, JSON.stringify(value, null, 2));
}

export function keepText(file, text) {
  const path = fileInResults(file);
  writeFileSync(`${path}.${process.pid}.tmp`, `${text}\n`);
  renameSync(`${path}.${process.pid}.tmp`, path);
  return path;
}

/** What another task of this run has kept. */
export function kept(name) {
  return JSON.parse(readFileSync(join(results, `${name}.json`), 'utf8'));
}

export const fileInResults = (file) => {
  mkdirSync(results, { recursive: true });
  return join(results, file);
};

function walk(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return FOLDERS_SKIPPED.has(entry.name) ? [] : walk(path);
    return entry.isFile() ? [relative('.', path)] : [];
  });
}
