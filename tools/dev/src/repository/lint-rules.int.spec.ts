import { join } from 'node:path';
import { plainEnv, runProgram, type ProgramResult } from './program';
import { WorkspaceCopy } from './workspace-copy';

interface Planted {
  /** What is wrong with it. */
  readonly what: string;
  readonly path: string;
  readonly text: string;
  /** Rules of which each must speak up. */
  readonly caughtBy: readonly string[];
}

const BOUNDARY = '@nx/enforce-module-boundaries';
const IMPORTS = 'no-restricted-imports';
const SYNTAX = 'no-restricted-syntax';
const GLOBALS = 'no-restricted-globals';

const importing = (name: string): string => `import * as planted from '${name}';\nexport const used = planted;\n`;
const lines = (count: number): string => Array.from({ length: count }, (_, at) => `  console.info(${at});`).join('\n');

const inDomain = (what: string, text: string, ...caughtBy: string[]): Omit<Planted, 'path'> & { path: string } => ({
  what: `a domain that ${what}`,
  path: `libs/domain/registry/src/planted-${what.replace(/\W+/g, '-').toLowerCase()}.ts`,
  text,
  caughtBy,
});

/** Linted by Nx in one run of each project. */
const PLANTED_FOR_NX: readonly Planted[] = [
  inDomain('imports ioredis', importing('ioredis'), IMPORTS),
  inDomain('reads the clock', 'export const now = (): number => Date.now();\n', SYNTAX),
  {
    what: "a service that imports another service's domain",
    path: 'apps/registry/src/planted-domain.ts',
    text: importing('@torch/domain-scheduler'),
    caughtBy: [BOUNDARY],
  },
];

const PLANTED: readonly Planted[] = [
  ...PLANTED_FOR_NX,
  inDomain('imports Nest', importing('@nestjs/common'), IMPORTS),
  inDomain('imports node:fs', importing('node:fs'), IMPORTS),
  inDomain('imports fs', importing('fs'), IMPORTS),
  inDomain('imports another domain', importing('@torch/domain-scheduler'), BOUNDARY),
  inDomain('imports the host', importing('@torch/host'), BOUNDARY),
  inDomain('makes a date of now', 'export const now = (): Date => new Date();\n', SYNTAX),
  inDomain('draws lots', 'export const lot = (): number => Math.random();\n', SYNTAX),
  inDomain('sets a timer', 'export const later = (work: () => void): unknown => setTimeout(work, 1);\n', GLOBALS),
  inDomain('is async', 'export async function later(): Promise<void> {\n  await null;\n}\n', SYNTAX),
  inDomain('reads the environment', 'export const home = (): string | undefined => process.env.HOME;\n', GLOBALS),
  {
    what: 'a contract that imports node:crypto',
    path: 'libs/contracts/src/planted-crypto.ts',
    text: importing('node:crypto'),
    caughtBy: [IMPORTS],
  },
  {
    what: 'a contract that imports a domain',
    path: 'libs/contracts/src/planted-domain.ts',
    text: importing('@torch/domain-audit'),
    caughtBy: [BOUNDARY],
  },
  {
    what: 'a kernel with a dependency',
    path: 'libs/kernel/src/planted.ts',
    text: importing('@torch/contracts'),
    caughtBy: [BOUNDARY, IMPORTS],
  },
  { what: 'a log that imports the host', path: 'libs/log/src/planted.ts', text: importing('@torch/host'), caughtBy: [BOUNDARY] },
  { what: 'a host that imports ioredis', path: 'libs/host/src/planted.ts', text: importing('ioredis'), caughtBy: [IMPORTS] },
  { what: 'an agent that imports the host', path: 'libs/agent/src/planted.ts', text: importing('@torch/host'), caughtBy: [BOUNDARY] },
  {
    what: 'a service that imports the dev tools',
    path: 'apps/audit/src/planted-dev.ts',
    text: importing('@torch/dev'),
    caughtBy: [BOUNDARY],
  },
  {
    what: 'a service that imports the testing library',
    path: 'apps/audit/src/planted-testing.ts',
    text: importing('@torch/testing'),
    caughtBy: [BOUNDARY],
  },
  {
    what: 'a path into another project',
    path: 'apps/audit/src/planted-path.ts',
    text: importing('../../../libs/domain/audit/src/index'),
    caughtBy: [BOUNDARY],
  },
  {
    what: 'a promise that nobody waits for',
    path: 'libs/host/src/planted-promise.ts',
    text: 'const work = async (): Promise<void> => undefined;\nexport const start = (): void => {\n  work();\n};\n',
    caughtBy: ['@typescript-eslint/no-floating-promises'],
  },
  { what: 'a file of more than 300 lines', path: 'libs/host/src/planted-file.ts', text: `${lines(301)}\n`, caughtBy: ['max-lines'] },
  {
    what: 'a function of more than 60 lines',
    path: 'libs/host/src/planted-function.ts',
    text: `export function long(): void {\n${lines(60)}\n}\n`,
    caughtBy: ['max-lines-per-function'],
  },
  {
    what: 'a test that says should',
    path: 'libs/host/src/planted-should.spec.ts',
    text: "it('should work', () => undefined);\n",
    caughtBy: [SYNTAX],
  },
  {
    what: 'a test that sleeps',
    path: 'libs/host/src/planted-sleep.spec.ts',
    text: "it('waits', async () => {\n  await new Promise((resolve) => setTimeout(resolve, 50));\n});\n",
    caughtBy: [SYNTAX],
  },
];

/** Allowed on purpose: without these, a rule that refuses everything would pass. */
const ALLOWED: readonly Omit<Planted, 'caughtBy'>[] = [
  { what: 'a domain that uses its contracts', path: 'libs/domain/registry/src/planted-allowed.ts', text: importing('@torch/contracts') },
  { what: 'a service that uses its own domain', path: 'apps/registry/src/planted-allowed.ts', text: importing('@torch/domain-registry') },
  { what: 'a command line that replays any domain', path: 'apps/cli/src/planted-allowed.ts', text: importing('@torch/domain-scheduler') },
  { what: 'a test that uses the testing library', path: 'apps/audit/src/planted-allowed.spec.ts', text: importing('@torch/testing') },
];

interface LintedFile {
  readonly filePath: string;
  readonly messages: readonly { readonly ruleId: string | null; readonly message: string }[];
}

describe('lint', () => {
  let copy: WorkspaceCopy;
  let throughNx: ProgramResult;
  let report: readonly LintedFile[];

  const messagesOn = (path: string): LintedFile['messages'] =>
    report.find(({ filePath }) => filePath.endsWith(path))?.messages ?? [{ ruleId: null, message: 'was not linted' }];

  beforeAll(async () => {
    copy = new WorkspaceCopy();
    const planted = [...PLANTED, ...ALLOWED];
    const run = (program: string, ...args: string[]): Promise<ProgramResult> =>
      runProgram(join(copy.root, 'node_modules/.bin', program), args, { cwd: copy.root, env: plainEnv() });

    const include = ['apps/registry/src/**/*.ts', 'libs/domain/registry/src/**/*.ts', ...planted.map(({ path }) => path)];
    copy.write('tsconfig.json', JSON.stringify({ extends: './tsconfig.base.json', compilerOptions: { noEmit: true }, include }));
    for (const { path, text } of PLANTED_FOR_NX) copy.write(path, text);
    throughNx = await run('nx', 'run-many', '-t', 'lint', '-p', 'domain-registry,registry', '--output-style=static');

    for (const { path, text } of planted) copy.write(path, text);
    const { stdout, stderr } = await run('eslint', '--format=json', ...planted.map(({ path }) => path));
    expect(stderr).not.toMatch(/project graph/i);
    report = JSON.parse(stdout) as LintedFile[];
  }, 300_000);

  afterAll(() => copy.remove());

  it('fails through Nx where a violation is planted', () => {
    expect(throughNx.code).not.toBe(0);
    for (const { path, caughtBy } of PLANTED_FOR_NX) {
      const ofFile = throughNx.stdout.split(path)[1]?.split('\n\n')[0];
      for (const rule of caughtBy) expect(ofFile).toContain(rule);
    }
  });

  it.each(PLANTED)('catches $what', ({ path, caughtBy }) => {
    const rules = messagesOn(path).map(({ ruleId }) => ruleId);
    expect(rules).toEqual(expect.arrayContaining([...caughtBy]));
  });

  it.each(ALLOWED)('allows $what', ({ path }) => {
    expect(messagesOn(path)).toEqual([]);
  });
});
