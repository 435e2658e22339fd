import { pathToFileURL } from 'node:url';
import { outputOf, staleApps } from './build.mjs';
import { setUp } from './setup.mjs';
import { main, ROOT, run, step, StepFailed } from './steps.mjs';

const program = `${outputOf(ROOT, 'cli')}/main.js`;

await main(async () => {
  await setUp();
  const stale = staleApps();
  if (stale.length === 0) return step('Build', async () => 'nothing changed');
  // In a process of its own, so that the compilers do not stay in this one, which becomes Torch.
  const code = await run(process.execPath, ['tools/dev/build.mjs', ...stale]);
  if (code !== 0) throw new StepFailed('Torch is not started.');
});

// This process goes on as `torch up`, so that signals and exit codes are its own.
if (process.exitCode === 0) {
  process.argv = [process.execPath, program, 'up', '--quickstart', ...process.argv.slice(2)];
  process.exitCode = undefined;
  await import(pathToFileURL(program).href);
}
