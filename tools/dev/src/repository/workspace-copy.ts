import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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
const LEFT_OUT = new Set(['node_modules', 'dist', 'coverage', 'src']);

/**
 * A copy of the checkout that a test may spoil: its settings, and every project in its place, with its tags and an index,
 * but nothing in it, since the types of everything take many times as long to read. Shares the packages.
 */
export class WorkspaceCopy {
  readonly root = mkdtempSync(join(tmpdir(), 'torch-workspace-'));

  constructor() {
    for (const name of COPIED) {
      cpSync(join(ROOT, name), join(this.root, name), { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.root, 'node_modules'));
    for (const project of ['apps', 'libs', 'libs/domain', 'tools'].flatMap((folder) => this.projectsIn(folder)))
      this.write(`${project}/src/index.ts`, 'export {};\n');
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  private projectsIn(folder: string): string[] {
    const names = readdirSync(join(this.root, folder)).map((name) => `${folder}/${name}`);
    return names.filter((project) => existsSync(join(this.root, project, 'project.json')));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
