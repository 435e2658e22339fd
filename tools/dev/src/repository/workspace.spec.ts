import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './workspace-copy';

interface Project {
  readonly root: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly targets: Readonly<Record<string, object>>;
}

const PROJECTS: readonly Project[] = ['apps', 'libs', 'libs/domain', 'tools']
  .flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`))
  .filter((root) => existsSync(join(ROOT, root, 'project.json')))
  .map((root) => ({ ...(JSON.parse(readFileSync(join(ROOT, root, 'project.json'), 'utf8')) as Omit<Project, 'root'>), root }));

describe('the workspace', () => {
  it('has the projects of the services and their domains', () => {
    const names = PROJECTS.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['gateway', 'registry', 'scheduler', 'spawner', 'audit', 'cli', 'kernel', 'contracts']));
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(PROJECTS)('can lint, type-check and test $name by itself', ({ root, targets }) => {
    expect(Object.keys(targets)).toEqual(expect.arrayContaining(['lint', 'typecheck', 'test']));
    expect(existsSync(join(ROOT, root, 'tsconfig.json'))).toBe(true);
  });

  it.each(PROJECTS)('gives $name exactly one layer, which the import rules know', ({ tags }) => {
    const layers = tags.filter((tag) => tag.startsWith('layer:'));
    expect(layers).toHaveLength(1);
    const config = readFileSync(join(ROOT, 'eslint.config.mjs'), 'utf8');
    const layer = layers[0]!.slice('layer:'.length);
    expect(config).toMatch(new RegExp(`^  '?${layer}'?: \\[|'layer:${layer}'`, 'm'));
  });

  it('names an owner for every service and its domain', () => {
    const owners = readFileSync(join(ROOT, 'CODEOWNERS'), 'utf8');
    const owned = PROJECTS.filter(({ tags }) => tags.some((tag) => /^(service|context):(?!none)/.test(tag)));
    for (const { root } of owned) expect(owners).toContain(`/${root}/ `);
  });
});
