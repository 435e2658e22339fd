#!/usr/bin/env node
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const program = `${root}dist/apps/cli/main.js`;

const builder = `${root}tools/dev/build.mjs`;

// In a checkout, the command runs what the sources say. `up` starts the services, so theirs must be current as well.
if (existsSync(builder) && existsSync(`${root}apps/cli/src/main.ts`)) {
  const { staleApps } = await import(pathToFileURL(builder).href);
  const stale = process.argv[2] === 'up' ? staleApps() : staleApps(root, ['cli']);
  if (stale.length > 0) build(stale);
}

nodeModule.enableCompileCache?.(); // From Node 22 on.
process.argv[1] = program;
await import(pathToFileURL(program).href);

/** In a process of its own, so that compilers do not stay in this one; on stderr, since stdout is the command's. */
function build(apps) {
  if (!existsSync(`${root}node_modules`)) {
    process.stderr.write('Torch is not set up yet: run "npm start" (or "npm ci") once.\n');
    process.exit(1);
  }
  const { status } = spawnSync(process.execPath, [builder, ...apps], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
}
