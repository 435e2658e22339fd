import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle.mjs';
import { isFresh } from './freshness.mjs';
import { ROOT, run, StepFailed } from './steps.mjs';

/**
 * Builds a program of the checkout that is no app, if it changed, and runs it from the root with these arguments.
 * Resolves with its exit code.
 */
export async function runBundled(name, source, args, nodeArgs = []) {
  if (!existsSync(join(ROOT, source))) throw new StepFailed(`${source} is missing.`);
  const output = join(ROOT, 'dist', 'tools', name);
  if (!isFresh(ROOT, output)) await bundle(ROOT, [{ source, output }]);
  return run(process.execPath, ['--enable-source-maps', ...nodeArgs, join(output, 'main.js'), ...args], { stdio: 'inherit' });
}
