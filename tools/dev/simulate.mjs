import { runBundled } from './run-bundled.mjs';
import { setUp } from './setup.mjs';
import { main } from './steps.mjs';

await main(async () => {
  await setUp();
  return runBundled('simulator', 'tools/simulator/src/main.ts', process.argv.slice(2));
});
