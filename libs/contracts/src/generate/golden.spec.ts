import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contractsOf } from '../contract';
import { Id, Optional, Text } from '../field';
import { EVENTS } from '../registry-of-contracts';
import { addSums, type GoldenFolder, goldenProblems, readGoldenFolder, SUMS_FILE } from './golden';

const folder = join(__dirname, '../../golden');
const golden = readGoldenFolder(folder);

/** What `golden.sum` was in every commit that touched it and that this checkout knows; empty outside of a git checkout. */
function committedSums(): string[] {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const commits = git('log', '--format=%H', '--diff-filter=AM', '--', SUMS_FILE)
      .split('\n')
      .filter((hash) => hash !== '');
    return commits.map((hash) => git('show', `${hash}:./${SUMS_FILE}`));
  } catch {
    return [];
  }
}

const withFile = (path: string, change: (text: string) => string): GoldenFolder => ({
  ...golden,
  files: golden.files.map((file) => (file.path === path ? { path, text: change(file.text) } : file)),
});

describe('the golden files', () => {
  it('show every event type in every version, unchanged since they were added', () => {
    expect(goldenProblems(EVENTS, golden, committedSums())).toEqual([]);
    expect(golden.files.length).toBeGreaterThanOrEqual(EVENTS.length);
  });
});

describe('the check of the golden files', () => {
  it('finds a changed file, even where it still fits', () => {
    const changed = withFile('task.assigned.v1.json', (text) => text.replace('"attempt": 2', '"attempt": 3'));
    expect(goldenProblems(EVENTS, changed, [])).toEqual(['task.assigned.v1.json was changed: golden files are only added.']);
  });

  it('finds a removed file', () => {
    const removed = { ...golden, files: golden.files.filter(({ path }) => path !== 'agent.lost.v1.json') };
    expect(goldenProblems(EVENTS, removed, [])).toEqual([
      'agent.lost.v1.json was removed: golden files are only added.',
      'agent.lost.v1.json is missing: every version of an event type has a golden file.',
    ]);
  });

  it('finds a file whose sum was made to fit it', () => {
    const path = 'agent.lost.v1.json';
    const changed = withFile(path, (text) => text.replace('15 s', '20 s'));
    const fitted = readSums({ files: changed.files.filter((file) => file.path === path), sums: '' });
    const sums = golden.sums.replace(/^.*agent\.lost\.v1\.json$/m, fitted.trim());
    expect(goldenProblems(EVENTS, { ...changed, sums }, [])).toEqual([]);
    expect(goldenProblems(EVENTS, { ...changed, sums }, [golden.sums])).toEqual([
      'golden.sum has lost or changed its line for agent.lost.v1.json: lines are only added.',
    ]);
  });

  it('finds a contract that an event of the log no longer fits', () => {
    class Renamed {
      @Id() agent!: string;
    }
    const contracts = EVENTS.map((contract) => (contract.type === 'agent.lost' ? { ...contract, data: Renamed } : contract));
    expect(goldenProblems(contracts, golden, [])).toEqual(['agent.lost.v1.json does not fit agent.lost any more: "agent" is missing.']);
  });

  it('finds a new version without an upcaster, and wants a file for it', () => {
    const contracts = EVENTS.map((contract) => (contract.type === 'agent.lost' ? { ...contract, v: 2, upcasters: [] } : contract));
    expect(goldenProblems(contracts, golden, [])).toEqual([
      'agent.lost.v2.json is missing: every version of an event type has a golden file.',
    ]);
    const upcasters = [() => ({ misspelt: true })];
    const lifted = EVENTS.map((contract) => (contract.type === 'agent.lost' ? { ...contract, v: 2, upcasters } : contract));
    expect(goldenProblems(lifted, golden, [])).toContain('agent.lost.v1.json does not fit agent.lost any more: "agentId" is missing.');
  });

  it('wants a file for a new event type, and every field in it', () => {
    class ThingMoved {
      @Id() thingId!: string;
      @Optional() @Text({ max: 10 }) place?: string;
    }
    const moved = contractsOf('registry').event('thing.moved', ThingMoved);
    expect(goldenProblems([...EVENTS, moved], golden, [])).toEqual([
      'thing.moved.v1.json is missing: every version of an event type has a golden file.',
    ]);

    const example = {
      type: 'thing.moved',
      v: 1,
      subject: 'thing/1',
      project: 'p',
      actor: 'user:a',
      correlationId: 'c',
      data: { thingId: '1' },
    };
    const files = [...golden.files, { path: 'thing.moved.v1.json', text: JSON.stringify(example) }];
    expect(goldenProblems([...EVENTS, moved], { ...golden, files, sums: readSums({ ...golden, files }) }, [golden.sums])).toEqual([
      'thing.moved.v1.json does not show the field "place".',
    ]);
  });

  it('finds text that is no event, an event under another name and an envelope that does not fit', () => {
    const problem = (change: (text: string) => string): string | undefined =>
      goldenProblems(EVENTS, withFile('log.recovered.v1.json', change), [])[1];
    expect(problem(() => '{')).toMatch(/^log\.recovered\.v1\.json cannot be read: /);
    expect(problem((text) => text.replace('log.recovered', 'agent.lost'))).toBe(
      'log.recovered.v1.json holds an event agent.lost of version 1.',
    );
    expect(problem((text) => text.replace('service:audit', 'audit'))).toMatch(
      /does not fit log\.recovered any more: data\/actor must match pattern/,
    );
  });
});

describe('golden.sum', () => {
  it('gets a line for a new file, behind those that are there', () => {
    expect(readSums(golden)).toBe(golden.sums);
    const files = [{ path: 'a.new.v1.json', text: '{}' }, ...golden.files];
    const sums = readSums({ ...golden, files });
    expect(sums.startsWith(golden.sums)).toBe(true);
    expect(sums.slice(golden.sums.length)).toMatch(/^[0-9a-f]{64} {2}a\.new\.v1\.json\n$/);
  });
});

/** What `addSums` makes of `golden.sum` in a folder with these contents. */
function readSums({ files, sums }: GoldenFolder): string {
  const temporary = mkdtempSync(join(tmpdir(), 'torch-golden-'));
  try {
    for (const { path, text } of files) writeFileSync(join(temporary, path), text);
    if (sums !== '') writeFileSync(join(temporary, SUMS_FILE), sums);
    addSums(temporary);
    return readGoldenFolder(temporary).sums;
  } finally {
    rmSync(temporary, { recursive: true });
  }
}
