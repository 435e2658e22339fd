import { runBundled } from './run-bundled.mjs';
import { main } from './steps.mjs';

await main(() => runBundled('contracts', 'libs/contracts/src/generate/main.ts', process.argv.slice(2)));
