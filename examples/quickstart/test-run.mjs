// Runs the tests of one small library of the checkout, and fails when they do.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileInResults, keep } from './checkout.mjs';

const LIBRARY = 'kernel';

const jest = createRequire(`${process.cwd()}/package.json`).resolve('jest/bin/jest');
const output = fileInResults(`jest.${process.pid}.tmp`);
const { status } = spawnSync(process.execPath, [jest, '--selectProjects', LIBRARY, '--json', '--outputFile', output], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
const {
  numPassedTests: passed,
  numFailedTests: failed,
  numTotalTests: total,
  startTime,
  testResults,
} = JSON.parse(readFileSync(output, 'utf8'));
rmSync(output);
const durationMs = Math.max(0, ...testResults.map(({ endTime }) => endTime)) - startTime;
keep('test-run', { library: LIBRARY, passed, failed, total, durationMs });
console.log(`${LIBRARY}: ${passed} of ${total} tests passed`);
process.exitCode = status ?? 1;
