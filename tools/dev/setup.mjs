import { checkNode, ensureDependencies } from './dependencies.mjs';
import { ensureLogServer } from './log-server.mjs';
import { isMain, main, step } from './steps.mjs';

/** Makes this checkout ready to build: a Node that fits, the packages of the lock, a log server. Asks nothing. */
export async function setUp() {
  checkNode();
  await step('Dependencies', ensureDependencies);
  await step('Log server', (say) => ensureLogServer(say));
}

if (isMain(import.meta.url)) await main(setUp);
