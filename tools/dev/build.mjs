import { appsOf, isFresh, outputOf } from './freshness.mjs';
import { isMain, main, ROOT, step } from './steps.mjs';

export { outputOf };

/** The apps whose bundles are missing or older than their sources, of all apps or of `only`. */
export const staleApps = (root = ROOT, only = appsOf(root)) => only.filter((app) => !isFresh(root, outputOf(root, app)));

/** Builds into `dist/apps/<app>` what changed, of all apps or of `only`. */
export async function build(say, { root = ROOT, only } = {}) {
  const stale = staleApps(root, only);
  if (stale.length === 0) return 'nothing changed';
  say(`${stale.join(', ')} …`);
  const [{ bundle }, { deployableFiles }] = await Promise.all([import('./bundle.mjs'), import('./deployable.mjs')]);
  const entries = stale.map((app) => ({ app, source: `apps/${app}/src/main.ts`, output: outputOf(root, app) }));
  await bundle(root, entries, ({ source, packages }) => deployableFiles(root, source.split('/')[1], packages));
  return `${stale.length} built`;
}

if (isMain(import.meta.url)) {
  const only = process.argv.slice(2);
  await main(() => step('Build', (say) => build(say, only.length > 0 ? { only } : {})));
}
