import { build } from './build.mjs';
import { runBundled } from './run-bundled.mjs';
import { setUp } from './setup.mjs';
import { main, step } from './steps.mjs';

await main(async () => {
  await setUp();
  await step('Build', (say) => build(say));
  return runBundled('chaos', 'tools/chaos/src/main.ts', process.argv.slice(2));
});
