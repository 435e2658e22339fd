import type { LogEntry, LogServer } from '@torch/log';
import { BesideLoop } from './beside-loop';
import type { HostClock } from './host.clock';
import type { HostConfig } from './host.config';
import { PartitionState } from './partition-state';
import type { ServiceDefinition } from './service';
import { Snapshots } from './snapshots';
import { takeInSlices } from './slice';
import { readTrimmed, type TrimmedLog } from './trimmed-log';

/** Up to where a state is that of the log. */
export interface Through {
  readonly ownSeq: number;
  readonly foreignSeq: number;
}

export interface RebuildParts<State> {
  readonly server: LogServer;
  readonly definition: ServiceDefinition<State>;
  readonly config: HostConfig;
  readonly clock: HostClock;
  readonly partition: number;
  readonly trimmed?: TrimmedLog;
}

/** Entries that may be left to read when the rest is done within a turn. */
const REST_ENTRIES_MAX = 20;

/** Builds the state of one project again, from snapshot and log, beside the owner's loop, which goes on for all other projects. */
export class ProjectRebuild<State> {
  private state: PartitionState<State>;
  private readonly reading: BesideLoop;
  private started = false;

  constructor(
    private readonly parts: RebuildParts<State>,
    private readonly project: string,
    onReady: () => void,
  ) {
    this.state = this.fresh();
    this.reading = new BesideLoop(parts, onReady);
  }

  /** Reads on beside the loop, nearly as far as `through`. */
  start(through: Through): void {
    this.started = true;
    this.reading.start((ending) => this.read(Math.min(through.ownSeq, through.foreignSeq), ending));
  }

  get isStarted(): boolean {
    return this.started;
  }

  get ready(): boolean {
    return this.started && !this.reading.busy;
  }

  abandon(): void {
    this.reading.abandon();
  }

  /**
   * To be called within a turn: the state as of `through`; undefined when there is so much left to read that it goes on beside the loop.
   *
   * @throws whatever the rules, or reading what is needed, failed by; LogUnavailable.
   */
  async finish(through: Through): Promise<PartitionState<State> | undefined> {
    this.reading.check();
    const last = Math.max(through.ownSeq, through.foreignSeq);
    if (last - this.state.read.seq > REST_ENTRIES_MAX) {
      this.start(through);
      return undefined;
    }
    while (this.state.read.seq < last) {
      for (const entry of await readBehind(this.parts, this.state.read.seq, last - this.state.read.seq)) {
        if (entry.position.seq <= Math.min(through.ownSeq, through.foreignSeq)) this.state.takeIn(entry);
        else this.state.takeInPart(entry, through);
      }
    }
    this.state.drain();
    if (this.state.inDoubt.has(this.project)) throw asError(this.state.inDoubt.get(this.project));
    return this.state;
  }

  private async read(throughSeq: number, ending: AbortSignal): Promise<void> {
    const { config } = this.parts;
    if (this.state.read.seq === 0) await this.restore();
    while (this.state.read.seq < throughSeq && !ending.aborted) {
      const limit = Math.min(config.readEntriesMax, throughSeq - this.state.read.seq);
      await takeInSlices(this.state, await readBehind(this.parts, this.state.read.seq, limit), this.parts);
    }
  }

  private async restore(): Promise<void> {
    const { server, partition } = this.parts;
    const { state } = await new Snapshots(server.caches, server.log).restore(partition, () => this.fresh());
    // A snapshot that was written while the project was in doubt has nothing of it.
    this.state = state.inDoubt.has(this.project) ? this.fresh() : state;
  }

  private fresh(): PartitionState<State> {
    const { definition, config } = this.parts;
    return new PartitionState<State>(definition.service, definition.decider, config, this.project);
  }
}

/** What comes behind a seq, from the log server, or from the archive where the log server has it no more. */
export async function readBehind<State>(
  { server, partition, trimmed }: Pick<RebuildParts<State>, 'server' | 'partition' | 'trimmed'>,
  afterSeq: number,
  limit: number,
): Promise<readonly LogEntry[]> {
  const first = await server.log.first(partition);
  if (!trimmed || !first || afterSeq + 1 >= first.seq) return server.log.read(partition, afterSeq, limit);
  return readTrimmed(trimmed, { partition, afterSeq, limit, first });
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
