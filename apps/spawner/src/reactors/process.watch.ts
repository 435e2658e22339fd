import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { ProcessEntry, SpawnFolder } from '@torch/agent';
import type { RecordExited, RecordFencedProcess, RecordSpawned } from '@torch/contracts';
import { processesToRun, processToRun, type ProcessToRun, type SpawnerState } from '@torch/domain-spawner';
import type { OwnCommand, OwnedPartition, OwnershipHooks, TorchClient } from '@torch/host';
import { TORCH_CLIENT } from '@torch/platform';
import { AgentProcesses, CannotStart, type Finding } from '../adapters/agent-processes.adapter';
import { notedProject } from '../adapters/project-note';
import { SPAWNER_CONFIG, type SpawnerConfig } from '../spawner.config';
import { ProcessEvidence, type RunningSpawn } from './process-evidence';

type Submit = (command: OwnCommand) => Promise<void>;
type Members = ReadonlyMap<string, readonly ProcessEntry[]>;
/** Whose agent it is, and who decides for it. */
interface Responsible {
  readonly project: string;
  readonly owned: Partition;
}

type Partition = Pick<OwnedPartition<SpawnerState>, 'partition' | 'projects' | 'state' | 'submit' | 'timeMs'>;

/**
 * Compares what the log says is to run with what does run, and reports the difference. It works from what it finds, not from
 * what it remembers, so that a restarted service adopts what the one before had started.
 */
@Injectable()
export class ProcessWatch implements OwnershipHooks<SpawnerState>, OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(ProcessWatch.name);
  private readonly partitions = new Map<number, Partition>();
  /** Starts, stops and reports under way, by spawn: each at most once at a time. */
  private readonly underWay = new Map<string, Promise<unknown>>();
  /** Spawns whose start has not been reported yet: their end comes after it. */
  private readonly starting = new Set<string>();
  /** Spawns that this instance has seen alive. */
  private readonly seenAlive = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private memoryAtMs = 0;
  private sweepAtMs = 0;

  constructor(
    private readonly processes: AgentProcesses,
    private readonly evidence: ProcessEvidence,
    @Inject(SPAWNER_CONFIG) private readonly config: SpawnerConfig,
    @Inject(TORCH_CLIENT) private readonly client: Pick<TorchClient, 'partitionOf'>,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => this.look(), this.config.lookEveryMs);
  }

  /** Agents go on: the next owner adopts them. */
  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Also after a lost tail, when the owner has rebuilt its state: what that tail had started is found by the next look. */
  onOwned(partition: Partition): void {
    this.partitions.set(partition.partition, partition);
    this.sweepAtMs = 0;
  }

  onReleased(partition: number): void {
    this.partitions.delete(partition);
  }

  /** Resolves once the process is there and reported. @throws what a later attempt may mend. */
  async start(project: string, { process, pool }: ProcessToRun, submit: Submit): Promise<void> {
    const { agentId, spawnId } = process;
    const { node } = this.processes;
    this.starting.add(spawnId);
    try {
      const { pid, startTicks } = await this.processes.start({ project, agentId, spawnId, pool });
      this.seenAlive.add(spawnId);
      this.logger.log(`Agent ${agentId} is process ${pid}.`);
      await submit(spawned({ agentId, spawnId, node, pid, pidStartTicks: startTicks }));
    } catch (error) {
      if (!(error instanceof CannotStart)) throw error;
      this.logger.warn(`Agent ${agentId} could not be started: ${error.message}`);
      await submit(exited({ agentId, spawnId, reason: error.message }));
    } finally {
      this.starting.delete(spawnId);
    }
  }

  stop(agentId: string, spawnId: string, reason: string): void {
    const folder = this.processes.folder(agentId, spawnId);
    this.once(`stop ${spawnId}`, async () => {
      this.logger.log(`Agent ${agentId} is being stopped: ${reason}`);
      if (!(await this.processes.stop(folder, reason))) this.logger.error(`Processes of agent ${agentId} do not end, not even on SIGKILL.`);
    });
  }

  /** One look at everything on owned partitions. Costs nothing where there is nothing to run. */
  look(nowMs = Date.now()): void {
    try {
      const sweep = nowMs >= this.sweepAtMs;
      const memory = nowMs >= this.memoryAtMs;
      const known = new Map<string, SpawnFolder>();
      const held: { folder: SpawnFolder; memoryMib: number }[] = [];
      const running = new Map<string, RunningSpawn[]>();
      for (const owned of this.partitions.values()) {
        for (const project of owned.projects()) {
          const ofProject: RunningSpawn[] = [];
          for (const wanted of processesToRun(owned.state(project))) {
            const folder = this.processes.folder(wanted.process.agentId, wanted.process.spawnId);
            known.set(folder.path, folder);
            const found = this.reconcile(project, wanted, folder, (command) => owned.submit(project, command), owned.timeMs());
            if (found.kind !== 'running') continue;
            held.push({ folder, memoryMib: wanted.pool.memoryMib });
            ofProject.push(wanted.process);
          }
          if (ofProject.length > 0) running.set(project, ofProject);
        }
      }
      this.evidence.tell(running, nowMs);
      if (memory) this.memoryAtMs = nowMs + this.config.memoryEveryMs;
      if (sweep) this.sweepAtMs = nowMs + this.config.sweepEveryMs;
      const members: Members = (memory && held.length > 0) || sweep ? this.processes.members() : new Map();
      if (memory) for (const { folder, memoryMib } of held) this.holdMemory(folder, members, memoryMib);
      if (sweep) this.sweep(known, members);
    } catch (error) {
      this.logger.error(`A look at the processes failed and is made again: ${(error as Error).stack}`);
    }
  }

  private reconcile(project: string, wanted: ProcessToRun, folder: SpawnFolder, submit: Submit, nowMs: number): Finding {
    const { agentId, spawnId, state, sinceMs, pid } = wanted.process;
    const found = this.processes.look(folder);
    if (this.starting.has(spawnId)) return found;
    const overdue = nowMs - sinceMs > this.config.overdueMs;
    switch (found.kind) {
      case 'running':
        this.seenAlive.add(spawnId);
        if (pid === undefined && overdue) {
          const { node } = this.processes;
          this.report(
            spawnId,
            submit,
            spawned({ agentId, spawnId, node, pid: found.process.pid, pidStartTicks: found.process.startTicks }),
          );
        }
        if (state === 'stopping' && overdue) this.stop(agentId, spawnId, 'It was asked to stop.');
        break;
      case 'never-started':
        if (state === 'stopping')
          this.report(spawnId, submit, exited({ agentId, spawnId, reason: 'It was stopped before it was started.' }));
        else if (state === 'running') this.report(spawnId, submit, this.elsewhere(wanted));
        else if (overdue) this.once(`start ${spawnId}`, () => this.start(project, wanted, submit));
        break;
      case 'starting':
        break;
      case 'ended':
        this.once(`report ${spawnId}`, () => this.reportEnd(wanted, folder, found, submit));
        break;
    }
    return found;
  }

  /** Leftovers go first: once the end is reported, nobody asks about them any more. */
  private async reportEnd(
    { process: { agentId, spawnId } }: ProcessToRun,
    folder: SpawnFolder,
    found: Finding & { kind: 'ended' },
    submit: Submit,
  ): Promise<void> {
    await this.processes.stop(folder, found.reason ?? endReason(found.exitCode, this.seenAlive.has(spawnId)));
    const { exitCode, withNode, reason = endReason(exitCode, this.seenAlive.has(spawnId)) } = found;
    this.logger.log(`Agent ${agentId} has ended: ${reason}`);
    await submit(exited({ agentId, spawnId, exitCode, reason, ...(withNode && { withNode }) }));
    this.seenAlive.delete(spawnId);
  }

  private elsewhere({ process: { agentId, spawnId, node } }: ProcessToRun): OwnCommand {
    const here = node === undefined || node === this.processes.node;
    const reason = here ? 'Nothing is left of it on this node.' : `It ran on node "${node}", which this spawner does not see.`;
    return exited({ agentId, spawnId, reason, withNode: true });
  }

  private holdMemory(folder: SpawnFolder, members: Members, memoryMib: number): void {
    if (this.processes.holdMemory(folder, members.get(folder.path) ?? [], memoryMib)) {
      this.logger.warn(`Agent ${folder.agentId} was killed: it had more than its ${memoryMib} MiB of memory.`);
    }
  }

  /** Processes that no log knows are stopped, logs are kept small, and the oldest folders go. */
  private sweep(known: ReadonlyMap<string, SpawnFolder>, members: Members): void {
    const ended: SpawnFolder[] = [];
    for (const folder of this.processes.folders()) {
      if (known.has(folder.path)) this.processes.holdLog(folder);
      else {
        const responsible = this.responsibleFor(folder);
        if (!responsible) continue;
        if (!members.has(folder.path)) ended.push(folder);
        else this.once(`fence ${folder.spawnId}`, () => this.fence(folder, responsible));
      }
    }
    for (const folder of this.processes.oldest(ended, this.config.endedKeptMax)) this.processes.remove(folder);
  }

  /** Recorded before it is stopped: once it is gone, nobody asks about it any more. */
  private async fence(folder: SpawnFolder, { project, owned }: Responsible): Promise<void> {
    const { agentId, spawnId } = folder;
    const found = this.processes.look(folder);
    this.logger.warn(`Agent ${agentId} (spawn ${spawnId}) runs, and the log does not know it.`);
    const pid = found.kind === 'running' ? found.process.pid : undefined;
    await owned.submit(project, fenced({ agentId, spawnId, node: this.processes.node, ...(pid !== undefined && { pid }) }));
    if (processToRun(owned.state(project), agentId, spawnId)) return;
    if (!(await this.processes.stop(folder, 'The log does not know it.')))
      this.logger.error(`Processes of agent ${agentId} do not end, not even on SIGKILL.`);
  }

  /** Undefined when another instance owns the partition of the folder's project. */
  private responsibleFor(folder: SpawnFolder): Responsible | undefined {
    const project = notedProject(folder);
    const owned = project === undefined ? undefined : this.partitions.get(this.client.partitionOf(project));
    return project !== undefined && owned ? { project, owned } : undefined;
  }

  private report(spawnId: string, submit: Submit, command: OwnCommand): void {
    this.once(`report ${spawnId}`, () => submit(command));
  }

  private once(key: string, act: () => Promise<unknown>): void {
    if (this.underWay.has(key)) return;
    const acting = act()
      .catch((error: Error) => this.logger.warn(`"${key}" failed and is tried again: ${error.message}`))
      .finally(() => this.underWay.delete(key));
    this.underWay.set(key, acting);
  }
}

const spawned = (data: RecordSpawned): OwnCommand => ({ type: 'RecordSpawned', data });
const fenced = (data: RecordFencedProcess): OwnCommand => ({ type: 'RecordFencedProcess', data });
const exited = (data: RecordExited): OwnCommand => ({ type: 'RecordExited', data: { ...data, reason: data.reason.slice(0, 2000) } });

function endReason(exitCode: number | undefined, seenAlive: boolean): string {
  if (exitCode !== undefined) return `It ended with exit code ${exitCode}.`;
  return seenAlive ? 'It was killed.' : 'It was gone while nobody watched.';
}
