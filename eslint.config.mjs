import nx from '@nx/eslint-plugin';
import { globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Test code: it may use the testing library, and its `describe` blocks may be long. */
const TEST_CODE = ['**/*.spec.ts', '**/*.contract.ts', '**/*.fixture.ts', '**/spec/**/*.ts', '**/testing/**/*.ts', 'apps/e2e/src/**/*.ts'];
const PURE = ['libs/kernel/src/**/*.ts', 'libs/contracts/src/**/*.ts', 'libs/domain/*/src/**/*.ts'];
/** Writes the published schemas to disk: the one part of the contracts that is a program. */
const CONTRACTS_GENERATOR = ['libs/contracts/src/generate/**/*.ts'];

const SERVICES = { gateway: 'messaging', registry: 'registry', scheduler: 'scheduler', spawner: 'spawner', audit: 'audit' };
const RULES_FREE = ['kernel', 'contracts', 'log', 'log-dragonfly', 'host', 'platform', 'agent'].map((layer) => `layer:${layer}`);
/** What a layer or a service may import besides, by tag. */
const EXTRA_TAGS = { archive: ['context:audit'], audit: ['layer:archive'] };

/** What each layer may import. The order is a law: kernel, contracts, domain, then the libraries that do I/O, then apps and tools. */
const LAYERS = {
  kernel: [],
  contracts: ['kernel'],
  domain: ['kernel', 'contracts'],
  log: ['kernel', 'contracts'],
  'log-dragonfly': ['kernel', 'contracts', 'log'],
  host: ['kernel', 'contracts', 'log', 'log-dragonfly'],
  platform: ['kernel', 'contracts', 'log', 'log-dragonfly', 'host'],
  agent: ['kernel', 'contracts'],
  archive: ['kernel', 'contracts', 'log'],
  testing: ['kernel', 'contracts', 'log', 'log-dragonfly', 'host'],
  app: ['kernel', 'contracts', 'domain', 'log', 'log-dragonfly', 'host', 'platform', 'agent', 'archive'],
};

const layerConstraints = (extraLayers, extraTags = {}) =>
  Object.entries(LAYERS).map(([layer, below]) => ({
    sourceTag: `layer:${layer}`,
    onlyDependOnLibsWithTags: [
      ...[...below, ...extraLayers].map((name) => `layer:${name}`),
      ...(EXTRA_TAGS[layer] ?? []),
      ...(extraTags[layer] ?? []),
    ],
  }));

const serviceConstraints = (extra) => [
  ...Object.entries(SERVICES).map(([service, context]) => ({
    sourceTag: `service:${service}`,
    onlyDependOnLibsWithTags: [`context:${context}`, ...RULES_FREE, ...(EXTRA_TAGS[service] ?? []), ...extra],
  })),
  { sourceTag: 'layer:tool', onlyDependOnLibsWithTags: ['*'] },
];

const boundaries = (depConstraints) => ({
  '@nx/enforce-module-boundaries': [
    'error',
    { allow: ['^(\\.\\./)+package\\.json$'], enforceBuildableLibDependency: false, depConstraints },
  ],
});

const timeAndChance = [
  {
    selector: 'CallExpression[callee.object.name="Date"][callee.property.name="now"]',
    message: 'No clock here: the time arrives as `nowMs`.',
  },
  { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'No clock here: the time arrives as `nowMs`.' },
  { selector: 'CallExpression[callee.name="Date"]', message: 'No clock here: the time arrives as `nowMs`.' },
  { selector: 'MemberExpression[object.name="Math"][property.name="random"]', message: 'No randomness here: ids arrive through `newId`.' },
  { selector: ':function[async=true]', message: 'No `async` here: a decision is made in one go.' },
  { selector: 'AwaitExpression', message: 'No `await` here: a decision is made in one go.' },
  { selector: 'ForOfStatement[await=true]', message: 'No `await` here: a decision is made in one go.' },
  { selector: 'Identifier[name="Promise"]', message: 'No promises here: a decision is made in one go.' },
  {
    selector: 'CallExpression[callee.property.name=/^(localeCompare|toLocale\\w+)$/]',
    message: 'No locale here: every machine must decide alike.',
  },
];

const outsideWorld = [
  'process',
  'globalThis',
  'global',
  'console',
  'fetch',
  'crypto',
  'performance',
  'navigator',
  'Intl',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'queueMicrotask',
  'require',
].map((name) => ({ name, message: 'The rules know nothing of the outside world; pass in what they need.' }));

const testManners = [
  {
    selector: 'CallExpression[callee.name=/^(it|test)$/] > Literal.arguments[value=/^should\\b/]',
    message: 'Say what holds, not what should hold.',
  },
  {
    selector: 'NewExpression[callee.name="Promise"] > ArrowFunctionExpression > CallExpression[callee.name="setTimeout"]',
    message: 'No sleeping: poll with a deadline, or move the fake clock.',
  },
];

export default tseslint.config(
  globalIgnores(['**/node_modules/**', '**/dist/**', '.nx/**', '.cache/**', '.torch/**', 'coverage/**']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' }, plugins: { '@nx': nx } },
  {
    files: ['**/*.{ts,mjs,cjs}'],
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'no-debugger': 'error',
      'no-implicit-coercion': ['error', { boolean: true, number: true, string: true }],
      'max-len': ['error', { code: 160, ignoreUrls: true, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    // One program for all: one for each project would read most files many times.
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...boundaries([...layerConstraints([]), ...serviceConstraints([])]),
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false, inheritedMethods: false } }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrors: 'none', ignoreRestSiblings: true }],
    },
  },
  {
    files: PURE,
    ignores: [...TEST_CODE, ...CONTRACTS_GENERATOR],
    rules: {
      'no-restricted-globals': ['error', ...outsideWorld],
      'no-restricted-syntax': ['error', ...timeAndChance],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(?!\\.{1,2}/|@torch/|ajv|class-|reflect-metadata$)',
              message: 'The rules depend on nothing but each other: no Nest, no ioredis, no node:*.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['libs/kernel/src/**/*.ts'],
    ignores: TEST_CODE,
    rules: { 'no-restricted-imports': ['error', { patterns: [{ regex: '^[^.]', message: 'The kernel has no dependencies.' }] }] },
  },
  {
    files: ['libs/{log,host,platform,agent}/src/**/*.ts', 'apps/{gateway,registry,scheduler,spawner,audit,cli}/src/**/*.ts'],
    ignores: TEST_CODE,
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: [{ name: 'ioredis', message: 'One adapter speaks to the log server: @torch/log-dragonfly.' }] },
      ],
    },
  },
  {
    files: TEST_CODE,
    rules: {
      ...boundaries([...layerConstraints(['testing']), ...serviceConstraints(['layer:testing'])]),
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-require-imports': 'off',
      'no-restricted-syntax': ['error', ...testManners],
    },
  },
  {
    files: ['apps/cli/src/**/*.ts'],
    ignores: TEST_CODE,
    rules: boundaries(layerConstraints([], { app: ['scope:dev'] })),
  },
  {
    files: ['apps/cli/src/**/*.spec.ts', 'apps/e2e/src/**/*.ts'],
    rules: boundaries(layerConstraints(['testing'], { app: ['scope:dev'] })),
  },
);
