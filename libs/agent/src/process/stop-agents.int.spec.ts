import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../testing/poll';
import { findProcess, signalGroup } from './process-group';
import { readProcess } from './process-table';
import { residentMib, SPAWN_FOLDER_VARIABLE, SpawnFamilies } from './spawn-family';
import {
  endedWithNode,
  listSpawnFolders,
  noteEnd,
  notedEnd,
  notedExitCode,
  notedProcess,
  spawnFiles,
  spawnFolder,
  writeWhole,
} from './spawn-folder';
import { runningSpawns, stopAgentsOf } from './stop-agents';

describe('agents under a data directory', () => {
  let dataDir: string;
  let children: ChildProcess[];

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'torch-agents-'));
    children = [];
  });
  afterEach(() => {
    for (const { pid } of children) if (pid) signalGroup(pid, 'SIGKILL');
    rmSync(dataDir, { recursive: true });
  });

  function agent(spawnId: string, script: string, dir = dataDir): ChildProcess {
    const folder = spawnFolder(dir, 'dev-1', spawnId);
    mkdirSync(folder.path, { recursive: true });
    const child = spawn('/bin/sh', ['-c', script], {
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, [SPAWN_FOLDER_VARIABLE]: folder.path },
    });
    children.push(child);
    return child;
  }

  const family = (spawnId: string, dir = dataDir) => new SpawnFamilies().members().get(spawnFolder(dir, 'dev-1', spawnId).path) ?? [];

  it('are found with everything they started, in other sessions and with other environments too', async () => {
    agent('s1', 'setsid sh -c "env -i sleep 60" & sleep 60');
    await until('three processes', () => family('s1').length === 4 || undefined);
    expect(new Set(family('s1').map(({ session }) => session)).size).toBe(2);
    expect(residentMib(family('s1'))).toBeGreaterThan(1);
    expect(runningSpawns(dataDir).map(({ spawnId }) => spawnId)).toEqual(['s1']);
  });

  it('are stopped all at once, and it is noted that the node went down', async () => {
    agent('s1', 'sleep 60');
    agent('s2', 'trap "" TERM; setsid sleep 60 & while :; do sleep 60; done');
    await until('both', () => family('s1').length >= 1 && family('s2').length >= 3);
    const stopped = await stopAgentsOf(dataDir, { graceMs: 200 });
    expect(stopped.sort((a, b) => a.spawnId.localeCompare(b.spawnId))).toEqual([
      { agentId: 'dev-1', spawnId: 's1', gone: true },
      { agentId: 'dev-1', spawnId: 's2', gone: true },
    ]);
    expect([...family('s1'), ...family('s2')]).toEqual([]);
    expect(endedWithNode(spawnFolder(dataDir, 'dev-1', 's1'))).toBe(true);
    expect(notedEnd(spawnFolder(dataDir, 'dev-1', 's2'))).toBe('The node was taken down.');
    expect(await stopAgentsOf(dataDir)).toEqual([]);
  });

  it('are left alone when they belong to another data directory', async () => {
    const other = mkdtempSync(join(tmpdir(), 'torch-agents-'));
    agent('s1', 'sleep 60', other);
    mkdirSync(spawnFolder(dataDir, 'dev-1', 's1').path, { recursive: true });
    await until('the other', () => family('s1', other).length > 0);
    expect(await stopAgentsOf(dataDir)).toEqual([]);
    expect(family('s1', other)).not.toEqual([]);
    rmSync(other, { recursive: true });
  });

  it('leave notes that are read back whole, or not at all', () => {
    const folder = spawnFolder(dataDir, 'dev-1', 's1');
    expect([notedProcess(folder), notedExitCode(folder), notedEnd(folder), endedWithNode(folder)]).toEqual([
      undefined,
      undefined,
      undefined,
      false,
    ]);
    mkdirSync(folder.path, { recursive: true });
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    writeWhole(spawnFiles(folder).pid, `41 42 ${boot}\n`);
    expect(notedProcess(folder)).toEqual({ pid: 41, startTicks: 42, thisBoot: true });
    writeWhole(spawnFiles(folder).pid, '41 42 another-boot\n');
    expect(notedProcess(folder)?.thisBoot).toBe(false);
    writeWhole(spawnFiles(folder).exit, '137\n');
    expect(notedExitCode(folder)).toBe(137);
    noteEnd(folder, 'first');
    noteEnd(folder, 'second');
    expect(notedEnd(folder)).toBe('first');
    expect(listSpawnFolders(dataDir)).toEqual([folder]);
    expect(listSpawnFolders(join(dataDir, 'nowhere'))).toEqual([]);
  });

  it('are told from a later process of the same pid', () => {
    const { pid, startTicks } = readProcess(process.pid) ?? { pid: 0, startTicks: 0 };
    expect(findProcess({ pid, startTicks })).toBeDefined();
    expect(findProcess({ pid, startTicks: startTicks + 1 })).toBeUndefined();
  });
});
