const { existsSync, readdirSync } = require('node:fs');
const { join } = require('node:path');
const { compilerOptions } = require('./tsconfig.base.json');

const moduleNameMapper = Object.fromEntries(
  Object.entries(compilerOptions.paths).map(([name, [path]]) => [`^${name}$`, join(__dirname, path)]),
);

const roots = ['apps', 'libs', 'libs/domain', 'tools'].flatMap((folder) =>
  readdirSync(join(__dirname, folder)).map((name) => join(__dirname, folder, name)),
);

/** One Jest project for each Nx project, under the same name. */
module.exports = {
  testTimeout: 30_000,
  projects: roots
    .filter((root) => existsSync(join(root, 'project.json')))
    .map((rootDir) => ({
      displayName: require(join(rootDir, 'project.json')).name,
      rootDir,
      testEnvironment: 'node',
      testMatch: ['<rootDir>/src/**/*.spec.ts'],
      setupFiles: ['reflect-metadata'],
      moduleNameMapper,
      transform: { '^.+\\.(ts|js|mjs)$': ['@swc/jest', { configFile: join(__dirname, '.swcrc') }] },
      transformIgnorePatterns: ['/node_modules/(?!(jose)/)'],
    })),
};
