import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runQuietly, StepFailed } from './steps.mjs';

/** In the order in which they are looked for on the PATH. */
export const LOG_SERVERS = ['dragonfly', 'valkey-server', 'redis-server'];

const INSTALL_TIMEOUT_MS = 600_000;
const SUDO_TIMEOUT_MS = 10_000;

/** What the search knows of the machine; tests hand in another one. */
const thisMachine = () => ({
  env: process.env,
  root: process.getuid?.() === 0,
  osRelease: '/etc/os-release',
  servicePolicy: '/usr/sbin/policy-rc.d',
});

const WAYS_OUT = `There is no log server. One of these three gives Torch one:
  1. Install redis-server 7 or later with your system's package manager ("apt-get install redis-server" on Debian and Ubuntu).
  2. Put dragonfly (1.40 or later), valkey-server or redis-server on the PATH.
  3. Start one elsewhere and name it: TORCH_LOG_URL=redis://host:port (rediss:// for TLS).`;

/**
 * Only the program is wanted: while it is installed, the package must not start a server of the system's own, and
 * none is started at the next boot either. A policy that exists already is left alone.
 */
const INSTALL_SCRIPT = `
policy=$1
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > "$policy" && chmod 755 "$policy" || exit 1
fi
export DEBIAN_FRONTEND=noninteractive
fetch() { apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends redis-server; }
fetch || { apt-get -o DPkg::Lock::Timeout=120 update && fetch; } || exit 1
if command -v systemctl > /dev/null; then systemctl disable redis-server; fi
if command -v update-rc.d > /dev/null; then update-rc.d redis-server disable; fi
exit 0`;

/**
 * Makes sure that there is a log server for Torch: the one that TORCH_LOG_URL names, or a program on the PATH, which is
 * installed on Debian and Ubuntu where that needs no password.
 *
 * @throws StepFailed naming the three ways to get one.
 */
export async function ensureLogServer(say, machine = thisMachine()) {
  const { env } = machine;
  if (env.TORCH_LOG_URL) return 'the one that TORCH_LOG_URL names';
  const found = findProgram(LOG_SERVERS, env);
  if (found) return found;
  const asRoot = await waysToRoot(machine);
  if (!asRoot) throw new StepFailed(WAYS_OUT);
  say('none on the PATH: apt-get install -y redis-server …');
  const [program, ...args] = [...asRoot, 'sh', '-c', INSTALL_SCRIPT, 'install-redis', machine.servicePolicy];
  const { code, output } = await runQuietly(program, args, { env, timeout: INSTALL_TIMEOUT_MS });
  const installed = findProgram(LOG_SERVERS, env);
  if (code === 0 && installed) return `${installed}, just installed`;
  throw new StepFailed(`${output.trim()}\nInstalling redis-server failed with exit code ${code}.\n${WAYS_OUT}`);
}

/** The command that makes the next one run as root without a password: none needed, sudo, or undefined where there is no way. */
async function waysToRoot({ env, root, osRelease }) {
  if (!isDebianLike(osRelease) || !findProgram(['apt-get'], env)) return undefined;
  if (root) return [];
  const sudo = findProgram(['sudo'], env);
  if (!sudo) return undefined;
  const { code } = await runQuietly(sudo, ['-n', 'true'], { env, timeout: SUDO_TIMEOUT_MS });
  return code === 0 ? [sudo, '-n'] : undefined;
}

function isDebianLike(osRelease) {
  if (!existsSync(osRelease)) return false;
  const lines = readFileSync(osRelease, 'utf8').split('\n');
  return lines.some((line) => /^ID(_LIKE)?=/.test(line) && /\b(debian|ubuntu)\b/.test(line));
}

/** The first of the programs that the PATH has, or undefined. */
function findProgram(names, { PATH = '' }) {
  const folders = PATH.split(delimiter).filter((folder) => folder !== '');
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
