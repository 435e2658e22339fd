import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CheckoutFixture } from './checkout.fixture';
import { ROOT } from './workspace-copy';

jest.setTimeout(120_000);

/** Stands in for the command line: says how it was called, and ends as its last argument says. */
const CLI = `
const args = process.argv.slice(2);
if (args.includes('wait')) {
  process.once('SIGTERM', () => process.exit(7));
  setInterval(() => undefined, 1000);
} else {
  process.exitCode = args.includes('fail') ? 3 : 0;
}
console.log(JSON.stringify(args));
`;

let checkout: CheckoutFixture;
beforeEach(() => {
  checkout = new CheckoutFixture();
  checkout.write('apps/cli/src/main.ts', CLI);
  checkout.write('apps/registry/src/main.ts', "console.log('registry');\n");
  mkdirSync(join(checkout.root, 'apps/cli/bin'));
  cpSync(join(ROOT, 'apps/cli/bin/torch.mjs'), join(checkout.root, 'apps/cli/bin/torch.mjs'));
});
afterEach(() => checkout.remove());

describe('torch', () => {
  const torch = (...args: string[]): ReturnType<CheckoutFixture['node']> => checkout.node('apps/cli/bin/torch.mjs', ...args);

  it('builds the command first where it is missing or stale, and keeps standard output for the command', async () => {
    const first = await torch('status', '--json');
    expect(first).toEqual({ code: 0, stdout: '["status","--json"]\n', stderr: expect.stringContaining('Build: cli …') });
    expect(await torch('status')).toEqual({ code: 0, stdout: '["status"]\n', stderr: '' });
    checkout.write('apps/cli/src/main.ts', "console.log('changed');\n");
    expect(await torch('status')).toMatchObject({ stdout: 'changed\n', stderr: expect.stringContaining('Build: cli …') });
  });

  it('builds the services as well before up', async () => {
    expect((await torch('up')).stderr).toContain('Build: cli, registry …');
  });

  it("ends with the command's exit code", async () => {
    expect((await torch('run', 'fail')).code).toBe(3);
  });

  it('says what is wrong and runs nothing when the sources do not compile', async () => {
    checkout.write('apps/cli/src/main.ts', 'const = 1;\n');
    expect(await torch('status')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('apps/cli/src/main.ts') });
  });

  it('is the process that a signal reaches', async () => {
    await torch('status');
    const child = spawn(process.execPath, ['apps/cli/bin/torch.mjs', 'wait'], { cwd: checkout.root, env: checkout.env });
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([7, null]);
  });
});

describe('npm start', () => {
  it('sets up, builds, and goes on as torch up with the quickstart', async () => {
    const { code, stdout, stderr } = await checkout.node('tools/dev/start.mjs', '--once', 'fail');
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^Dependencies: as package-lock\.json says \(\d+\.\d s\)$/),
      expect.stringMatching(/^Log server: .*bin\/redis-server \(\d+\.\d s\)$/),
      'Build: cli, registry …',
      expect.stringMatching(/^Build: 2 built \(\d+\.\d s\)$/),
      '["up","--quickstart","--once","fail"]',
      '',
    ]);
  });

  it('does not start what could not be built', async () => {
    checkout.write('apps/registry/src/main.ts', 'const = 1;\n');
    const { code, stdout, stderr } = await checkout.node('tools/dev/start.mjs');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('apps/registry/src/main.ts') });
    expect(stdout).not.toContain('quickstart');
  });
});

describe('npm test', () => {
  const jest = (numbers: Record<string, number>, code: number): void => {
    const none = { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 0, numPendingTests: 0, numTodoTests: 0 };
    const result = JSON.stringify({ ...none, ...numbers });
    const script = `for a; do case $a in --outputFile=*) echo '${result}' > "\${a#*=}";; esac; done`;
    checkout.writeProgram('node_modules/.bin/jest', `${script}; echo "jest $*" >&2; exit ${code}`);
  };
  const test = async (...args: string[]): Promise<{ code: number; last: string | undefined; all: string }> => {
    const { code, stdout, stderr } = await checkout.node('tools/dev/test.mjs', ...args);
    return { code, last: stdout.trimEnd().split('\n').at(-1), all: stdout + stderr };
  };

  beforeEach(() => {
    for (const name of ['tsc', 'nx']) checkout.writeProgram(`node_modules/.bin/${name}`, `echo "${name} $*"`);
    jest({ numPassedTests: 5, numPendingTests: 1, numTodoTests: 1 }, 0);
  });

  it('checks types, lint and tests, each with its time, and counts the tests', async () => {
    const { code, last, all } = await test();
    expect({ code, last }).toEqual({ code: 0, last: '5 passed, 0 failed, 2 skipped' });
    for (const name of ['Build', 'Types', 'Lint', 'Tests']) expect(all).toMatch(new RegExp(`^${name}: .*\\(\\d+\\.\\d s\\)$`, 'm'));
  });

  it('counts failed tests, suites that could not run, and failed checks', async () => {
    jest({ numPassedTests: 4, numFailedTests: 1, numRuntimeErrorTestSuites: 1 }, 1);
    checkout.writeProgram('node_modules/.bin/tsc', 'exit 2');
    checkout.writeProgram('node_modules/.bin/nx', 'exit 1');
    expect(await test()).toMatchObject({ code: 1, last: '4 passed, 4 failed, 0 skipped' });
  });

  it('fails when the build fails, when Jest leaves no result, and when Jest fails without a failed test', async () => {
    jest({ numPassedTests: 5 }, 1);
    expect(await test()).toMatchObject({ code: 1, last: '5 passed, 1 failed, 0 skipped' });
    checkout.writeProgram('node_modules/.bin/jest', 'exit 0');
    expect(await test()).toMatchObject({ code: 1, last: '0 passed, 1 failed, 0 skipped' });
    checkout.write('apps/cli/src/main.ts', 'const = 1;\n');
    expect(await test()).toMatchObject({ code: 1, last: '0 passed, 1 failed, 0 skipped' });
  });

  it('hands its arguments to Jest, and runs nothing else of what is slow', async () => {
    const { code, all } = await test('--selectProjects', 'kernel');
    expect(code).toBe(0);
    expect(all).toMatch(/^jest .*--selectProjects kernel$/m);
    expect(all).not.toMatch(/^(tsc|nx) /m);
  });
});
