import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { SuiteResult } from './suite';
import { SUITES } from './suites';

const USAGE = `npm run chaos [-- --only NAME --rounds N --seed S --json FILE]

  --only NAME    suites whose name begins with it; there are:
${SUITES.map(({ name, what, rounds }) => `                   ${name.padEnd(24)} ${what} (${rounds} rounds)`).join('\n')}
  --rounds N     faults in each suite; default: as above
  --seed S       repeats the moments of an earlier run; default: a new one, which is printed
  --json FILE    writes the results there as well`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const chosen = SUITES.filter(({ name }) => values.only === undefined || name.startsWith(values.only));
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  const wrong = chosen.length === 0 || (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) || !Number.isInteger(seed);
  if (values.help || wrong) {
    console.error(values.help ? USAGE : `Unknown suite, number of rounds or seed.\n${USAGE}`);
    return values.help ? 0 : 2;
  }
  console.error(`seed ${seed}`);
  const results: Record<string, SuiteResult> = {};
  for (const suite of chosen) {
    console.error(`${suite.name}: ${suite.what}`);
    const progress = (line: string): void => console.error(`  ${line}`);
    const cliPath = resolve('dist/apps/cli/main.js');
    const result = (results[suite.name] = await suite.run({ rounds: rounds ?? suite.rounds, seed, cliPath, progress }));
    console.log(JSON.stringify({ suite: suite.name, seed, ...result }));
    for (const problem of result.problems) console.error(`  PROBLEM ${problem}`);
    if (values.json) await writeFile(values.json, `${JSON.stringify({ seed, suites: results }, null, 2)}\n`);
  }
  return Object.values(results).every(({ ok }) => ok) ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
