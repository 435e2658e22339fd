const { existsSync, readdirSync } = require('node:fs');
const { join } = require('node:path');
const { compilerOptions } = require('./tsconfig.base.json');

// Whoever runs the tests may work with a Torch of their own, or be an agent of one: the tests must not see it.
for (const name of Object.keys(process.env)) {
  if ((name.startsWith('TORCH_') && !name.startsWith('TORCH_TEST_')) || name.startsWith('OTEL_')) delete process.env[name];
}

const moduleNameMapper = Object.fromEntries(
  Object.entries(compilerOptions.paths).map(([name, [path]]) => [`^${name}$`, join(__dirname, path)]),
);

const roots = ['apps', 'libs', 'libs/domain', 'tools'].flatMap((folder) =>
  readdirSync(join(__dirname, folder)).map((name) => join(__dirname, folder, name)),
);

/** One Jest project for each Nx project, under the same name. */
module.exports = {
  // What npm run test:properties and npm run test:long run takes minutes.
  testTimeout: process.env.TORCH_TEST_LONG ? 1_800_000 : 30_000,
  watchman: false,
  testSequencer: join(__dirname, 'tools/dev/long-first-sequencer.cjs'),
  projects: roots
    .filter((root) => existsSync(join(root, 'project.json')))
    .map((rootDir) => ({
      displayName: require(join(rootDir, 'project.json')).name,
      rootDir,
      cacheDirectory: join(__dirname, '.cache', 'jest'),
      testEnvironment: 'node',
      testMatch: ['<rootDir>/src/**/*.spec.ts'],
      setupFiles: [require.resolve('reflect-metadata'), join(__dirname, 'tools/dev/low-priority.cjs')],
      moduleNameMapper,
      transform: {
        '^.+\\.(ts|js|mjs)$': ['@swc/jest', { configFile: join(__dirname, '.swcrc') }],
        '\\.lua$': join(__dirname, 'tools/dev/text-transform.cjs'),
      },
      transformIgnorePatterns: ['/node_modules/(?!(jose)/)'],
      runner: join(__dirname, 'tools/dev/lanes-runner.cjs'),
    })),
};
