import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { StepFailed } from './steps.mjs';

const packageNameOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/**
 * What makes an app's folder deployable by itself: a package.json with the exact versions of the packages that its
 * bundle imports, and the part of the root's lock that they need, so that `npm ci --omit=dev` works there.
 */
export function deployableFiles(root, app, specifiers) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const { version, license, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const names = [...new Set(specifiers.filter((specifier) => !isBuiltin(specifier)).map(packageNameOf))].sort();
  const dependencies = Object.fromEntries(names.map((name) => [name, pinnedVersion(lock, app, name)]));
  const manifest = { name: `@torch/${app}`, version, private: true, license, type: 'commonjs', main: 'main.js', engines, dependencies };
  return [
    { name: 'package.json', text: `${JSON.stringify(manifest, null, 2)}\n` },
    { name: 'package-lock.json', text: `${JSON.stringify(prunedLock(lock, manifest), null, 2)}\n` },
  ];
}

function pinnedVersion(lock, app, name) {
  const found = lock.packages[`node_modules/${name}`];
  if (found && !found.dev) return found.version;
  throw new StepFailed(`apps/${app} imports "${name}", which is ${found ? 'only a devDependency' : 'no dependency'} in package.json.`);
}

function prunedLock(lock, { name, version, license, engines, dependencies }) {
  const kept = new Set();
  const visit = (from, wanted) => {
    for (const dependency of Object.keys(wanted ?? {})) {
      const path = resolveIn(lock, from, dependency);
      if (path === undefined || kept.has(path)) continue;
      kept.add(path);
      const { dependencies: needed, optionalDependencies, peerDependencies, peerDependenciesMeta = {} } = lock.packages[path];
      const peers = Object.entries(peerDependencies ?? {}).filter(([peer]) => !peerDependenciesMeta[peer]?.optional);
      visit(path, { ...needed, ...optionalDependencies, ...Object.fromEntries(peers) });
    }
  };
  visit('', dependencies);
  const packages = Object.fromEntries([...kept].sort().map((path) => [path, asProduction(lock.packages[path])]));
  const self = { name, version, license, dependencies, engines };
  return { name, version, lockfileVersion: lock.lockfileVersion, requires: true, packages: { '': self, ...packages } };
}

/** Where Node would find a package that the one at `from` requires. Undefined for what is not in the lock. */
function resolveIn(lock, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (lock.packages[path]) return path;
    if (folder === '') return undefined;
  }
}

function asProduction({ dev: _dev, devOptional, ...rest }) {
  return devOptional ? { ...rest, optional: true } : rest;
}
