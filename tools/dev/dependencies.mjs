import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run, StepFailed } from './steps.mjs';

const NODE_MIN = [20, 19];
/** Inside node_modules, so that it goes when node_modules goes. */
const STAMP = 'node_modules/.torch-lock-hash';

/** @throws StepFailed when this Node is older than the packages need. */
export function checkNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return;
  throw new StepFailed(`Torch needs Node ${NODE_MIN.join('.')} or later; this is Node ${version}.`);
}

/** Installs what package-lock.json says when node_modules is missing or was made from another lock. */
export async function ensureDependencies(say, { root = ROOT, install = npmCi } = {}) {
  const hash = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const why = reasonToInstall(root, hash);
  if (why !== undefined) {
    say(`npm ci, because ${why} …`);
    await install(root);
  }
  if (readStamp(root) !== hash) writeFileSync(join(root, STAMP), `${hash}\n`);
  return why === undefined ? 'as package-lock.json says' : 'installed';
}

function reasonToInstall(root, hash) {
  if (!existsSync(join(root, 'node_modules'))) return 'node_modules is missing';
  if (readStamp(root) === hash) return undefined;
  return installedAsLocked(root) ? undefined : 'package-lock.json changed';
}

const readStamp = (root) => (existsSync(join(root, STAMP)) ? readFileSync(join(root, STAMP), 'utf8').trim() : undefined);

/** True when npm's own note of what it installed agrees with the lock: somebody ran npm by hand. */
function installedAsLocked(root) {
  const notePath = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(notePath)) return false;
  const noted = JSON.parse(readFileSync(notePath, 'utf8')).packages;
  const locked = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const fits = ([path, { version, integrity, optional, devOptional }]) =>
    noted[path] === undefined
      ? Boolean(optional || devOptional) || !path.startsWith('node_modules/')
      : noted[path].version === version && noted[path].integrity === integrity;
  return Object.entries(locked).every(fits) && Object.keys(noted).every((path) => locked[path] !== undefined);
}

async function npmCi(root) {
  const code = await run('npm', ['ci'], { cwd: root });
  if (code !== 0) throw new StepFailed(`npm ci ended with exit code ${code}; what it wrote above says why.`);
}
