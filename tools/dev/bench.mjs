import { build } from './build.mjs';
import { runBundled } from './run-bundled.mjs';
import { setUp } from './setup.mjs';
import { main, step } from './steps.mjs';

await main(async () => {
  await setUp();
  await step('Build', (say) => build(say));
  // As the services are run by `torch up`.
  return runBundled('bench', 'tools/bench/src/main.ts', process.argv.slice(2), ['--max-semi-space-size=32']);
});
