import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { setUp } from './setup.mjs';
import { main, ROOT, run, step, StepFailed } from './steps.mjs';

/** Suited to 2 cores; journeys run one after the other in any case (see lanes-runner.cjs). */
const WORKERS_MAX = 2;
const RESULT = join(ROOT, '.cache', 'jest-result.json');

const tally = { passed: 0, failed: 0, skipped: 0 };

await main(async () => {
  try {
    await checkAll(process.argv.slice(2));
  } catch (error) {
    tally.failed += 1;
    process.stderr.write(`${error instanceof StepFailed ? error.message : error.stack}\n`);
  } finally {
    process.stdout.write(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped\n`);
  }
  return tally.failed === 0 ? 0 : 1;
});

/** With arguments, which are Jest's, only the tests that they select. */
async function checkAll(jestArgs) {
  await setUp();
  await step('Build', (say) => build(say));
  if (jestArgs.length === 0) {
    // Each of them keeps one core busy.
    await Promise.all([check('Types', 'tsc', ['-p', 'tsconfig.json', '--noEmit']), check('Lint', 'nx', ['run', 'dev:lint-workspace'])]);
  }
  await step('Tests', async (say) => {
    say(`${['jest', ...jestArgs].join(' ')} …`);
    return runTests(jestArgs);
  });
}

/** A check that passes or fails as a whole; the ones after it run all the same. */
async function check(name, program, args) {
  await step(name, async (say) => {
    say(`${[program, ...args].join(' ')} …`);
    const code = await runLocal(program, args);
    if (code !== 0) tally.failed += 1;
    return code === 0 ? 'passed' : `failed with exit code ${code}`;
  });
}

async function runTests(jestArgs) {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  rmSync(RESULT, { force: true });
  const code = await runLocal('jest', [`--maxWorkers=${WORKERS_MAX}`, '--json', `--outputFile=${RESULT}`, ...jestArgs]);
  const result = readResult();
  tally.passed += result.numPassedTests;
  tally.failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
  tally.skipped += result.numPendingTests + result.numTodoTests;
  if (code !== 0 && tally.failed === 0) throw new StepFailed(`Jest ended with exit code ${code}, though no test failed.`);
  return code === 0 ? 'passed' : `failed with exit code ${code}`;
}

function readResult() {
  try {
    return JSON.parse(readFileSync(RESULT, 'utf8'));
  } catch (error) {
    throw new StepFailed(`Jest ended without a result: ${error.message}`);
  }
}

/** Jest writes its report to stderr and, with --json, the result to stdout as well, which the file makes superfluous. */
function runLocal(program, args) {
  return run(join(ROOT, 'node_modules', '.bin', program), args, {
    env: { ...process.env, NX_DAEMON: 'false' },
    stdio: ['ignore', program === 'jest' ? 'ignore' : 'inherit', 'inherit'],
  });
}
