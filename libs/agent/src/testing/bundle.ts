import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../../..');

/** A TypeScript program as one file in `into` that a plain `node` runs. Its imports are resolved from `folder`. */
export function bundled(source: string, { folder, into }: { folder: string; into: string }): string {
  const file = join(into, 'program.cjs');
  execFileSync(
    join(ROOT, 'node_modules/.bin/esbuild'),
    [
      '--bundle',
      '--platform=node',
      '--loader=ts',
      `--tsconfig=${join(ROOT, 'tsconfig.base.json')}`,
      `--outfile=${file}`,
      '--log-level=error',
    ],
    { input: source, cwd: folder },
  );
  return file;
}
