import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, getPriority, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { plainEnv, runProgram } from './program';
import { ROOT } from './workspace-copy';

const OWN_PRIORITY = getPriority();
const LOW_PRIORITY = Math.max(OWN_PRIORITY, constants.priority.PRIORITY_BELOW_NORMAL);

/** A test file that writes down when it begins and ends, and does not end before `awaited` is written there. */
const planted = (name: string, awaited: string): string => `
const { appendFileSync, readFileSync } = require('node:fs');
const { getPriority } = require('node:os');
const diary = process.env.DIARY;
const write = (what) => appendFileSync(diary, '${name} ' + what + '\\n');
it('takes part', async () => {
  write('begins at ' + getPriority());
  while (!readFileSync(diary, 'utf8').includes(${JSON.stringify(awaited)})) await new Promise((resolve) => setImmediate(resolve));
  write('ends');
});
`;

const FILES = {
  'apps/e2e/src/first.e2e.spec.ts': planted('first journey', 'timeless begins'),
  'apps/e2e/src/second.e2e.spec.ts': planted('second journey', 'journey ends'),
  'libs/domain/rules/src/rules.spec.ts': planted('timeless', 'second journey begins'),
  'libs/host/src/host.spec.ts': planted('rest', 'rest begins'),
};

describe('the tests of a checkout', () => {
  const root = mkdtempSync(join(tmpdir(), 'torch-lanes-'));
  const diary = join(root, 'diary');
  afterAll(() => rmSync(root, { recursive: true }));

  it('run their journeys one after the other, what knows no clock beside them at a low priority, and then the rest', async () => {
    writeFileSync(diary, '');
    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const config = {
      rootDir: root,
      transform: {},
      testMatch: ['**/*.spec.ts'],
      setupFiles: [join(ROOT, 'tools/dev/low-priority.cjs')],
      runner: join(ROOT, 'tools/dev/lanes-runner.cjs'),
      testSequencer: join(ROOT, 'tools/dev/long-first-sequencer.cjs'),
      watchman: false,
    };
    const jest = join(ROOT, 'node_modules/.bin/jest');
    const args = ['--config', JSON.stringify(config), '--maxWorkers=2', '--no-cache'];
    const { code, stderr } = await runProgram(jest, args, { cwd: root, env: { ...plainEnv(), DIARY: diary } });
    expect([code, stderr]).toEqual([0, expect.stringContaining('Tests:       4 passed, 4 total')]);

    const lines = readFileSync(diary, 'utf8').trimEnd().split('\n');
    const journeys = lines.filter((line) => line.includes('journey')).map((line) => line.replace(/^\w+ /, ''));
    const journey = [`journey begins at ${OWN_PRIORITY}`, 'journey ends'];
    expect(journeys).toEqual([...journey, ...journey]);
    expect(lines).toContain(`timeless begins at ${LOW_PRIORITY}`);
    expect(lines.indexOf(`rest begins at ${OWN_PRIORITY}`)).toBeGreaterThan(lines.lastIndexOf('journey ends'));
    expect(lines.indexOf('timeless ends')).toBeGreaterThan(lines.findIndex((line) => line.includes('journey begins')));
  }, 60_000);
});
