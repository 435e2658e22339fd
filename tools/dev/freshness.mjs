import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Beside a bundle: every file that it was made of, as it was then. */
const NOTE = 'inputs.json';

/** What shapes every bundle besides its sources. */
const SHAPING = [
  'package.json',
  'package-lock.json',
  'tsconfig.base.json',
  '.swcrc',
  ...['build', 'bundle', 'deployable', 'freshness'].map((name) => `tools/dev/${name}.mjs`),
];

const hashOf = (content) => createHash('sha256').update(content).digest('hex');

/** Where the bundle of an app goes. */
export const outputOf = (root, app) => join(root, 'dist', 'apps', app);

/** Every app that has a program. The journeys of apps/e2e are tests and have none. */
export const appsOf = (root) =>
  readdirSync(join(root, 'apps'))
    .filter((app) => existsSync(join(root, 'apps', app, 'src', 'main.ts')))
    .sort();

/** A file as it is now, to be compared with later. @throws Error when it is not there. */
export function photograph(root, path, content = readFileSync(join(root, path))) {
  const { mtimeMs, size } = statSync(join(root, path));
  return { path, mtimeMs, size, hash: hashOf(content) };
}

/** Notes what a bundle in `output` was made of: `inputs` are photographs of its sources. */
export const noteOf = (root, inputs) => ({
  name: NOTE,
  text: JSON.stringify([...inputs, ...SHAPING.map((path) => photograph(root, path))]),
});

/** True when the bundle in `output` is there and none of the files that it was made of changed since. Costs one `stat` a file. */
export function isFresh(root, output) {
  const notePath = join(output, NOTE);
  if (!existsSync(notePath) || !existsSync(join(output, 'main.js'))) return false;
  return JSON.parse(readFileSync(notePath, 'utf8')).every((input) => isUnchanged(root, input));
}

function isUnchanged(root, { path, mtimeMs, size, hash }) {
  const now = statSync(join(root, path), { throwIfNoEntry: false });
  if (!now) return false;
  return (now.mtimeMs === mtimeMs && now.size === size) || hashOf(readFileSync(join(root, path))) === hash;
}
