import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CheckoutFixture } from './checkout.fixture';
import type { ProgramResult } from './program';

jest.setTimeout(120_000);

const MAIN = `
import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import { Greeting, script } from '@torch/contracts';

@Injectable()
class Needs {
  constructor(readonly greeting: Greeting) {}
}

const [needed] = Reflect.getMetadata('design:paramtypes', Needs) as [typeof Greeting];
console.log(JSON.stringify({ needs: needed.name, says: new Needs(new Greeting()).greeting.text, script }));
`;

const LIBRARY = `
import text from './count.lua';
export class Greeting { readonly text: string = 'hello'; }
export const script: string = text;
`;

describe('the build', () => {
  let checkout: CheckoutFixture;
  const build = (): Promise<ProgramResult> => checkout.node('tools/dev/build.mjs');
  const outputOf = async (app: string): Promise<unknown> => {
    const { code, stdout, stderr } = await checkout.node(`dist/apps/${app}/main.js`);
    return code === 0 ? JSON.parse(stdout) : stderr;
  };

  beforeEach(() => {
    checkout = new CheckoutFixture();
    checkout.write('libs/contracts/src/index.ts', LIBRARY);
    checkout.write('libs/contracts/src/count.lua', 'return 1\n');
    checkout.write('apps/greeter/src/main.ts', MAIN);
    checkout.write('apps/quiet/src/main.ts', "console.log('1');\n");
    checkout.write('apps/e2e/src/journey.e2e.spec.ts', '');
  });

  afterEach(() => checkout.remove());

  it('links an app with its libraries, decorator metadata and scripts into one file that runs', async () => {
    expect(await build()).toMatchObject({ code: 0, stdout: expect.stringMatching(/greeter, quiet …\nBuild: 2 built/) });
    expect(await outputOf('greeter')).toEqual({ needs: 'Greeting', says: 'hello', script: 'return 1\n' });
    expect(existsSync(join(checkout.root, 'dist/apps/greeter/main.js.map'))).toBe(true);
    expect(readdirSync(join(checkout.root, 'dist/apps'))).toEqual(['greeter', 'quiet']);
  });

  it('builds again only what changed', async () => {
    await build();
    expect((await build()).stdout).toContain('Build: nothing changed');
    checkout.write('libs/contracts/src/count.lua', 'return 2\n');
    expect((await build()).stdout).toMatch(/^Build: greeter …/);
    expect(await outputOf('greeter')).toMatchObject({ script: 'return 2\n' });
    checkout.write('package-lock.json', `${checkout.read('package-lock.json')}\n`);
    expect((await build()).stdout).toMatch(/^Build: greeter, quiet …/);
    rmSync(join(checkout.root, 'dist/apps/quiet/main.js'));
    expect((await build()).stdout).toMatch(/^Build: quiet …/);
  });

  it('pins the packages that an app imports, and locks what these need, and nothing else', async () => {
    await build();
    const read = (path: string): Record<string, Record<string, string>> => JSON.parse(checkout.read(path));
    const { '@nestjs/common': common, 'reflect-metadata': metadata } = read('package.json').dependencies ?? {};
    expect(read('dist/apps/greeter/package.json').dependencies).toEqual({ '@nestjs/common': common, 'reflect-metadata': metadata });
    const locked = Object.keys(read('dist/apps/greeter/package-lock.json').packages ?? {});
    expect(locked).toEqual(expect.arrayContaining(['', 'node_modules/@nestjs/common', 'node_modules/rxjs', 'node_modules/tslib']));
    expect(locked).not.toContain('node_modules/jest');
  });

  it('names the file that does not compile, and leaves the last bundle as it was', async () => {
    await build();
    checkout.write('libs/contracts/src/index.ts', 'export class {');
    const { code, stderr } = await build();
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('libs/contracts/src/index.ts') });
    expect(await outputOf('greeter')).toMatchObject({ says: 'hello' });
  });

  it('refuses a package that an installed app would not have', async () => {
    checkout.write('apps/quiet/src/main.ts', "import 'bullmq';\n");
    expect(await build()).toMatchObject({
      code: 1,
      stderr: 'apps/quiet imports "bullmq", which is only a devDependency in package.json.\n',
    });
  });

  it('leaves out a module that nothing is used of, and the packages that it alone imports', async () => {
    checkout.write('libs/contracts/src/heavy.ts', "import { Controller } from '@nestjs/common';\n@Controller()\nexport class Heavy {}\n");
    checkout.write('libs/contracts/src/index.ts', `export * from './heavy';\n${LIBRARY}`);
    checkout.write('apps/quiet/src/main.ts', "import { script } from '@torch/contracts';\nconsole.log(JSON.stringify(script));\n");
    await build();
    expect(await outputOf('quiet')).toBe('return 1\n');
    expect(JSON.parse(checkout.read('dist/apps/quiet/package.json'))).toMatchObject({ dependencies: {} });
    checkout.write(
      'libs/contracts/src/heavy.ts',
      "import { Controller } from '@nestjs/common';\n@Controller('x')\nexport class Heavy {}\n",
    );
    expect((await build()).stdout).toMatch(/^Build: greeter, quiet …/);
  });

  it('keeps a module that is imported for its effect', async () => {
    checkout.write('apps/quiet/src/main.ts', "import './effect';\n");
    checkout.write('apps/quiet/src/effect.ts', "console.log('2');\n");
    await build();
    expect(await outputOf('quiet')).toBe(2);
  });

  it('keeps the name of a contract class that another file only names as a type', async () => {
    const handler = "import { Injectable, Inject } from '@nestjs/common';\nimport type { Greeting } from '@torch/contracts';\n";
    const body = '@Injectable()\nexport class Handler { greet(@Inject() one: Greeting): Greeting { return one; } }\n';
    checkout.write('apps/quiet/src/handler.ts', handler + body.replace('greet(', '@Inject() at!: Date;\n  greet('));
    const main = "import 'reflect-metadata';\nimport { Greeting } from '@torch/contracts';\nimport { Handler } from './handler';\n";
    const types = "Reflect.getMetadata('design:type', Handler.prototype, 'at').name";
    checkout.write('apps/quiet/src/main.ts', `${main}console.log(JSON.stringify([Greeting.name, Handler.name, ${types}]));\n`);
    await build();
    expect(await outputOf('quiet')).toEqual(['Greeting', 'Handler', 'Date']);
  });

  it('refuses to rename a contract class', async () => {
    const imports = "import { Greeting as Other } from './greeting';\nimport { Greeting } from '@torch/contracts';\n";
    checkout.write('apps/greeter/src/main.ts', `${imports}console.log(Other, Greeting);\n`);
    checkout.write('apps/greeter/src/greeting.ts', 'export class Greeting {}\n');
    const refusal = 'The contract class Greeting of libs/contracts/src/index.ts';
    expect(await build()).toMatchObject({ code: 1, stderr: expect.stringContaining(refusal) });
  });
});
