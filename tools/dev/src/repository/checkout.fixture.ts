import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { plainEnv, runProgram, type ProgramResult } from './program';
import { ROOT } from './workspace-copy';

const CONFIGURATION = ['package.json', 'package-lock.json', 'tsconfig.base.json', '.swcrc'];
const PACKAGES = ['esbuild', '@swc', '@nestjs', 'reflect-metadata'];

/** A small checkout with the real scripts, compilers and lock, a log server on its PATH, and the sources that a test writes. */
export class CheckoutFixture {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'torch-checkout-')));

  constructor() {
    for (const name of CONFIGURATION) cpSync(join(ROOT, name), join(this.root, name));
    for (const name of readdirSync(join(ROOT, 'tools/dev'))) {
      if (name.endsWith('.mjs')) this.write(`tools/dev/${name}`, readFileSync(join(ROOT, 'tools/dev', name), 'utf8'));
    }
    mkdirSync(join(this.root, 'node_modules'));
    for (const name of PACKAGES) symlinkSync(join(ROOT, 'node_modules', name), join(this.root, 'node_modules', name));
    this.write('node_modules/.torch-lock-hash', createHash('sha256').update(this.read('package-lock.json')).digest('hex'));
    this.writeProgram('bin/redis-server', '');
    mkdirSync(join(this.root, 'apps'));
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  /** A shell script in the place of a program. */
  writeProgram(path: string, script: string): void {
    this.write(path, `#!/bin/sh\n${script}\n`);
    chmodSync(join(this.root, path), 0o755);
  }

  get env(): NodeJS.ProcessEnv {
    return { ...plainEnv(), PATH: `${join(this.root, 'bin')}:${process.env.PATH}` };
  }

  node(...args: string[]): Promise<ProgramResult> {
    return runProgram(process.execPath, args, { cwd: this.root, env: this.env });
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
