import { runBundled } from './run-bundled.mjs';
import { main } from './steps.mjs';

const args = process.argv.slice(2);

await main(async () => {
  const schemas = await runBundled('contracts', 'libs/contracts/src/generate/main.ts', args);
  const openApi = await runBundled('openapi', 'apps/gateway/src/openapi/main.ts', args);
  return schemas || openApi;
});
