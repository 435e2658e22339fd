import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import {
  findProcess,
  notedExitCode,
  notedProcess,
  signalGroup,
  signalProcess,
  spawnFiles,
  SpawnFamilies,
  stopAgentsOf,
} from '@torch/agent';
import { readTorchEnv } from '@torch/platform';
import { AgentProcesses } from '../adapters/agent-processes.adapter';
import { OwnerDouble } from '../spec/owner.fixture';
import { SPAWNER_DEFAULTS, type SpawnerConfig } from '../spawner.config';
import { ProcessEvidence } from './process-evidence';
import { ProcessEffects } from './process.effects';
import { ProcessWatch } from './process.watch';

/** What stands for the torch command: does as its pool's environment says. */
const AGENT_SCRIPT = 'eval "$DO"';
/** What the registry was told of running processes. */
const heard: unknown[] = [];
const registry = { query: (_contract: unknown, _project: string, told: unknown) => Promise.resolve(heard.push(told)) } as never;
const SECRET = Buffer.alloc(32, 7).toString('base64url');

describe('the watch over agent processes', () => {
  let dataDir: string;
  let owner: OwnerDouble;
  let watch: ProcessWatch;
  let processes: AgentProcesses;
  let effects: ProcessEffects;

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'torch-spawner-'));
    owner = new OwnerDouble();
    begin();
  });
  afterEach(async () => {
    watch.onModuleDestroy();
    await stopAgentsOf(dataDir, { graceMs: 0 });
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** As after a start of the service. */
  function begin(limits: Partial<SpawnerConfig> = {}): void {
    const config = {
      ...SPAWNER_DEFAULTS,
      agentCommand: ['/bin/sh', '-c', AGENT_SCRIPT],
      lookEveryMs: 20,
      memoryEveryMs: 40,
      sweepEveryMs: 60,
      evidenceEveryMs: 20,
      stopGraceMs: 500,
      overdueMs: 300,
      ...limits,
    };
    const env = readTorchEnv({
      TORCH_LOG_URL: 'redis://127.0.0.1:1',
      TORCH_DATA_DIR: dataDir,
      TORCH_TOKEN_SECRET: SECRET,
      TORCH_NODE: 'n1',
    });
    processes = new AgentProcesses(env, config);
    watch = new ProcessWatch(processes, new ProcessEvidence(registry, config), config, { partitionOf: () => owner.partition });
    effects = new ProcessEffects(watch);
    watch.onOwned(owner);
    watch.onModuleInit();
  }

  /** As when the service is killed: nobody watches, agents go on. */
  const end = (): void => watch.onModuleDestroy();

  async function spawnAgent(script: string, pool: object = {}) {
    const { agentId, spawnId } = owner.requestSpawn({ env: { DO: script }, ...pool });
    await effects.start({ project: owner.project, data: { agentId, spawnId } } as never, owner.effectContext());
    return { agentId, spawnId, folder: processes.folder(agentId, spawnId) };
  }

  const members = (path: string) => new SpawnFamilies().members().get(path) ?? [];
  const told = (type: string) => owner.data(type)[0];

  async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
    for (const endAtMs = Date.now() + 10_000; ; await after(10)) {
      const found = look();
      if (found) return found;
      if (Date.now() > endAtMs) throw new Error(`Waited in vain: ${what}; commands: ${JSON.stringify(owner.commands)}`);
    }
  }

  it('starts a process in a session of its own and reports it', async () => {
    const { agentId, spawnId, folder } = await spawnAgent('echo "$TORCH_AGENT_ID $TORCH_URL"; sleep 60');
    const noted = notedProcess(folder);
    const alive = JSON.stringify({ heartbeats: [{ agentId, instance: spawnId, evidence: 'process' }] });
    await until('evidence of its process', () => JSON.stringify(heard.at(-1)) === alive);
    expect(told('RecordSpawned')).toEqual({ agentId, spawnId, node: 'n1', pid: noted?.pid, pidStartTicks: noted?.startTicks });
    expect(findProcess(noted ?? { pid: 2, startTicks: 0 })).toMatchObject({ group: noted?.pid, session: noted?.pid });
    await until('its log', () => readFileSync(spawnFiles(folder).log, 'utf8') === `${agentId} http://127.0.0.1:7420\n`);
    expect(statSync(folder.path).mode & 0o777).toBe(0o700);
  });

  it('starts one process for a spawn, however often it is asked', async () => {
    const { agentId, spawnId, folder } = await spawnAgent('echo begun; sleep 60');
    owner.forgetReports();
    await Promise.all([1, 2, 3].map(() => processes.start({ project: owner.project, agentId, spawnId, pool: owner.pool() })));
    const { pid } = notedProcess(folder) ?? {};
    await until('its family', () => members(folder.path).length >= 2);
    expect(members(folder.path).every(({ group }) => group === pid)).toBe(true);
    expect(readFileSync(spawnFiles(folder).log, 'utf8')).toBe('begun\n');
  });

  it('starts one process when two starts race', async () => {
    const { agentId, spawnId } = owner.requestSpawn({ env: { DO: 'echo begun; sleep 60' } });
    const request = { project: owner.project, agentId, spawnId, pool: owner.pool() };
    const found = await Promise.all([1, 2, 3, 4].map(() => processes.start(request)));
    expect(new Set(found.map(({ pid }) => pid)).size).toBe(1);
    const folder = processes.folder(agentId, spawnId);
    await until('its log', () => readFileSync(spawnFiles(folder).log, 'utf8').includes('begun'));
    expect(readFileSync(spawnFiles(folder).log, 'utf8').match(/begun/g)).toHaveLength(1);
  });

  it('reports the exit code', async () => {
    const { agentId, spawnId, folder } = await spawnAgent('exit 7');
    await until('the report', () => told('RecordExited'));
    expect(told('RecordExited')).toEqual({ agentId, spawnId, exitCode: 7, reason: 'It ended with exit code 7.' });
    expect(notedExitCode(folder)).toBe(7);
  });

  it('reports a process that was killed, and ends what it leaves behind', async () => {
    const { folder } = await spawnAgent('setsid sleep 60 & sleep 60');
    await until('its family', () => members(folder.path).some(({ session }) => session !== notedProcess(folder)?.pid));
    signalGroup(notedProcess(folder)?.pid ?? 2, 'SIGKILL');
    await until('the report', () => told('RecordExited'));
    expect(told('RecordExited')).toMatchObject({ reason: 'It was killed.' });
    expect(told('RecordExited')?.exitCode).toBeUndefined();
    expect(members(folder.path)).toEqual([]);
  });

  it('reports what cannot be started, by name', async () => {
    await spawnAgent('true', { cwd: join(dataDir, 'nowhere') });
    expect(told('RecordExited')).toMatchObject({ reason: `The working directory ${join(dataDir, 'nowhere')} of pool p1 does not exist.` });
  });

  it('stops a process in order: SIGTERM, and its exit code counts', async () => {
    const { agentId, spawnId, folder } = await spawnAgent('trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done');
    await until('its trap', () => readFileSync(spawnFiles(folder).log, 'utf8').includes('ready'));
    owner.submitNow('StopAgent', { agentId, reason: 'not needed' });
    await effects.stop({ data: { agentId, spawnId, reason: 'not needed' } } as never, owner.effectContext());
    await until('the report', () => told('RecordExited'));
    expect(told('RecordExited')).toEqual({ agentId, spawnId, exitCode: 3, reason: 'not needed' });
  });

  it('kills what does not end on SIGTERM, tasks in groups of their own too', async () => {
    const { agentId, spawnId, folder } = await spawnAgent('trap "" TERM; setsid sleep 60 & while :; do sleep 60; done');
    await until('its family', () => members(folder.path).some(({ session }) => session !== notedProcess(folder)?.pid));
    watch.stop(agentId, spawnId, 'enough');
    await until('the report', () => told('RecordExited'));
    expect(members(folder.path)).toEqual([]);
    expect(told('RecordExited')).toMatchObject({ reason: 'enough' });
  });

  it('kills a process that goes over its memory ceiling, its tasks counted', async () => {
    await spawnAgent(`setsid ${process.execPath} -e 'const a = []; setInterval(() => a.push(Buffer.alloc(8e6, 1)), 10)' & wait`, {
      memoryMib: 150,
    });
    await until('the report', () => told('RecordExited'));
    expect(told('RecordExited')).toMatchObject({
      reason: expect.stringMatching(/^The memory ceiling of 150 MiB was exceeded: \d+ MiB\.$/),
    });
  });

  it('adopts what the service before it had started, and sees its end', async () => {
    const { folder } = await spawnAgent('sleep 60; exit 5');
    end();
    begin();
    await after(100);
    expect(owner.data('RecordExited')).toEqual([]);
    const sleep = members(folder.path).find(
      ({ pid }) => pid !== notedProcess(folder)?.pid && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'sleep',
    );
    signalProcess(sleep?.pid ?? 2, 'SIGKILL');
    await until('the report', () => told('RecordExited'));
    expect(told('RecordExited')).toMatchObject({ exitCode: 5 });
  });

  it('reports a start of which nobody heard', async () => {
    const { agentId, spawnId } = owner.requestSpawn({ env: { DO: 'sleep 60' } });
    const { pid } = await processes.start({ project: owner.project, agentId, spawnId, pool: owner.pool() });
    end();
    begin();
    await until('the report', () => told('RecordSpawned'));
    expect(told('RecordSpawned')).toMatchObject({ spawnId, pid });
  });

  it('starts what was requested and never started', async () => {
    const { spawnId } = owner.requestSpawn({ env: { DO: 'sleep 60' } });
    await until('the report', () => told('RecordSpawned'));
    expect(told('RecordSpawned')).toMatchObject({ spawnId });
  });

  it('reports what ended while nobody watched: with the exit code when there is one', async () => {
    const first = await spawnAgent('exit 9');
    end();
    await until('its exit code', () => notedExitCode(first.folder) === 9);
    const second = await spawnAgent('sleep 60');
    signalGroup(notedProcess(second.folder)?.pid ?? 2, 'SIGKILL');
    await until('its end', () => members(second.folder.path).length === 0);
    begin();
    await until('both reports', () => owner.data('RecordExited').length === 2);
    const bySpawn = new Map(owner.data('RecordExited').map((data) => [data.spawnId, data]));
    expect(bySpawn.get(first.spawnId)).toMatchObject({ exitCode: 9 });
    expect(bySpawn.get(second.spawnId)).toMatchObject({ reason: 'It was gone while nobody watched.' });
  });

  it('does not count it against an agent that the whole node was taken down', async () => {
    await spawnAgent('sleep 60');
    end();
    await stopAgentsOf(dataDir, { graceMs: 200 });
    begin();
    await until('the report', () => told('RecordExited'));
    expect(told('RecordExited')).toMatchObject({ withNode: true, reason: 'The node was taken down.' });
  });

  it('does not count it against an agent that the machine was started anew', async () => {
    const { folder } = await spawnAgent('sleep 60');
    end();
    const noted = notedProcess(folder);
    writeFileSync(spawnFiles(folder).pid, `${noted?.pid} ${noted?.startTicks} another-boot\n`);
    begin();
    await until('the report', () => told('RecordExited'));
    expect(told('RecordExited')).toMatchObject({ withNode: true, reason: 'The machine was started anew.' });
  });

  it('is not misled by a later process of the same pid', async () => {
    const { folder } = await spawnAgent('sleep 60');
    end();
    const noted = notedProcess(folder);
    writeFileSync(spawnFiles(folder).pid, readFileSync(spawnFiles(folder).pid, 'utf8').replace(` ${noted?.startTicks} `, ' 1 '));
    begin();
    await until('the report', () => told('RecordExited'));
  });

  it('stops what the log does not know', async () => {
    const { agentId, spawnId, folder } = await spawnAgent('sleep 60');
    const { pid } = notedProcess(folder) ?? {};
    owner.forgetEverything();
    await until('its end', () => members(folder.path).length === 0);
    expect(owner.data('RecordExited')).toEqual([]);
    expect(owner.data('RecordFencedProcess')).toEqual([{ agentId, spawnId, node: 'n1', pid }]);
  });

  it('stops what the log does not know, though its agent is gone and only what it had started is left', async () => {
    const { agentId, spawnId, folder } = await spawnAgent('setsid sleep 60 & sleep 60');
    await until('its family', () => members(folder.path).some(({ session }) => session !== notedProcess(folder)?.pid));
    end();
    owner.forgetEverything();
    signalGroup(notedProcess(folder)?.pid ?? 2, 'SIGKILL');
    await until('the end of the agent', () => processes.look(folder).kind === 'ended');
    begin();
    await until('its end', () => members(folder.path).length === 0);
    expect(owner.data('RecordFencedProcess')).toEqual([{ agentId, spawnId, node: 'n1' }]);
  });

  it('does not stop what it cannot record, and tries again', async () => {
    const { folder } = await spawnAgent('sleep 60');
    const submit = owner.submit.bind(owner);
    let refusals = 0;
    owner.submit = (project, command) =>
      command.type === 'RecordFencedProcess' && ++refusals < 3
        ? Promise.reject(new Error(`${members(folder.path).length} run.`))
        : submit(project, command);
    owner.forgetEverything();
    await until('its end', () => members(folder.path).length === 0);
    expect(refusals).toBe(3);
    expect(owner.data('RecordFencedProcess')).toHaveLength(1);
  });

  it('leaves alone what another owner has to know', async () => {
    const { folder } = await spawnAgent('sleep 60');
    owner.forgetEverything();
    watch.onReleased(owner.partition);
    await after(200);
    expect(members(folder.path)).not.toEqual([]);
  });

  it('keeps an agent’s log small, with the part before beside it', async () => {
    end();
    begin({ logBytesMax: 1000 });
    const { folder } = await spawnAgent('i=0; while :; do i=$((i+1)); echo "line $i"; sleep 0.002; done');
    await until('the older log', () => existsSync(spawnFiles(folder).olderLog));
    const size = statSync(spawnFiles(folder).olderLog).size;
    expect(size).toBeGreaterThan(1000);
    await until('a smaller log', () => statSync(spawnFiles(folder).log).size < size);
  });

  it('clears the oldest folders of ended agents away', async () => {
    end();
    begin({ endedKeptMax: 1 });
    const first = await spawnAgent('exit 0');
    await until('its end', () => owner.data('RecordExited').length === 1);
    const second = await spawnAgent('exit 0');
    await until('its end', () => owner.data('RecordExited').length === 2);
    await until('the clearance', () => !existsSync(first.folder.path));
    expect(existsSync(second.folder.path)).toBe(true);
  });
});
