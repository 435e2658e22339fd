import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

/** The checkout that these tests belong to. */
export const ROOT = resolve(__dirname, '../../../..');

const COPIED = [
  'apps',
  'libs',
  'tools',
  'package.json',
  'package-lock.json',
  'nx.json',
  'tsconfig.base.json',
  'tsconfig.json',
  'eslint.config.mjs',
  '.swcrc',
];
const LEFT_OUT = new Set(['node_modules', 'dist', 'coverage']);

/** A copy of the checkout's sources, so that a test may spoil them while others read the real ones. Shares its packages. */
export class WorkspaceCopy {
  readonly root = mkdtempSync(join(tmpdir(), 'torch-workspace-'));

  constructor() {
    for (const name of COPIED) {
      cpSync(join(ROOT, name), join(this.root, name), { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.root, 'node_modules'));
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
