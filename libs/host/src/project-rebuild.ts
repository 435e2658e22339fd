import { checkContiguity, type LogEntry, type LogServer, LogUnavailable } from '@torch/log';
import { backOff, type HostClock } from './host.clock';
import type { HostConfig } from './host.config';
import { PartitionState } from './partition-state';
import type { ServiceDefinition } from './service';
import { Snapshots } from './snapshots';
import type { TrimmedLog } from './trimmed-log';

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
  private abandoned = false;
  private isReady = false;
  isStarted = false;
  private failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly parts: RebuildParts<State>,
    private readonly project: string,
    private readonly onReady: () => void,
  ) {
    this.state = this.fresh();
  }

  /** Reads on beside the loop, nearly as far as `through`. */
  start(through: Through): void {
    this.isStarted = true;
    this.isReady = false;
    void this.read(Math.min(through.ownSeq, through.foreignSeq)).finally(() => {
      this.isReady = true;
      this.onReady();
    });
  }

  get ready(): boolean {
    return this.isReady;
  }

  abandon(): void {
    this.abandoned = true;
  }

  /**
   * To be called within a turn: the state as of `through`; undefined when there is so much left to read that it goes on beside the loop.
   *
   * @throws whatever the rules, or reading what is needed, failed by; LogUnavailable.
   */
  async finish(through: Through): Promise<PartitionState<State> | undefined> {
    if (this.failure) throw asError(this.failure.error);
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

  private async read(throughSeq: number): Promise<void> {
    const { clock, config } = this.parts;
    for (let failures = 0; !this.abandoned; failures++) {
      try {
        if (this.state.read.seq === 0) await this.restore();
        while (this.state.read.seq < throughSeq && !this.abandoned) {
          const limit = Math.min(config.readEntriesMax, throughSeq - this.state.read.seq);
          for (const entry of await readBehind(this.parts, this.state.read.seq, limit)) {
            for (const step of this.state.stepsIn(entry)) void step;
            await new Promise<void>((resolve) => clock.soon(resolve));
          }
        }
        return;
      } catch (error) {
        if (error instanceof LogUnavailable) await backOff(clock, failures, config);
        else {
          this.failure = { error };
          return;
        }
      }
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
  const entries = await trimmed.read(partition, afterSeq, Math.min(limit, first.seq - 1 - afterSeq));
  checkContiguity({ partition, afterSeq, entries, headBefore: first });
  return entries;
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
