import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../../..');

/** A TypeScript program as one file that a plain `node` runs. Its imports are resolved from `folder`. */
export function bundled(source: string, folder: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'torch-bundle-')), 'program.cjs');
  execFileSync(
    join(ROOT, 'node_modules/.bin/esbuild'),
    [
      '--bundle', '--platform=node', '--loader=ts', `--tsconfig=${join(ROOT, 'tsconfig.base.json')}`,
      `--outfile=${file}`, '--log-level=error',
    ],
    { input: source, cwd: folder },
  );
  return file;
}
