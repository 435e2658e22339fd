import { stat } from 'node:fs/promises';
import { setTimeout as after } from 'node:timers/promises';
import type { PartitionVerdict } from '@torch/contracts';
import { CHAIN_START, type ChainHead, chainRecord, positionOf, recordFault } from '@torch/domain-audit';
import type { LogTails, TailedCommit } from '@torch/host';
import { formatPosition, Gap, type Log, type LogEntry, LogUnavailable } from '@torch/log';
import type { AuditConfig } from '../audit.config';
import { checkChain } from './chain-check.adapter';
import { ChainBroken, ChainFile } from './chain-file.adapter';
import { sha256 } from './sha256';

export interface PartitionChainParts {
  readonly partition: number;
  readonly path: string;
  readonly log: Log;
  readonly tails: LogTails;
  readonly config: AuditConfig;
  /** Told whenever the chain cannot be carried on, and why. */
  readonly onProblem: (problem: string) => void;
}

/**
 * Carries one partition's chain on for as long as this instance owns the partition. Where the log contradicts the chain, the
 * chain stays as it is: what was notarised is not rewritten.
 */
export class PartitionChain {
  private readonly released = new AbortController();
  private readonly done: Promise<void>;
  private file: ChainFile | undefined;
  private problem: string | undefined;

  constructor(private readonly parts: PartitionChainParts) {
    this.done = this.keep();
  }

  /** How far the chain is on disk. */
  get durable(): ChainHead | undefined {
    return this.file?.durable;
  }

  /** Writes what is at hand and lets the file go. */
  async release(): Promise<void> {
    this.released.abort();
    await this.done;
  }

  /** @throws LogUnavailable */
  async verify(): Promise<PartitionVerdict> {
    const { partition, path, log, config } = this.parts;
    const { file, problem = this.file ? undefined : 'The chain is being opened; ask again.' } = this;
    const bytes = file?.durableBytes ?? (await sizeOf(path));
    const verdict = await checkChain({
      path,
      partition,
      log,
      readEntriesMax: config.readEntriesMax,
      bytes,
      head: file?.durable ?? CHAIN_START,
    });
    return verdict.ok && problem !== undefined ? { ...verdict, ok: false, problem: problem.slice(0, 2000) } : verdict;
  }

  private async keep(): Promise<void> {
    const { signal } = this.released;
    while (!signal.aborted) {
      try {
        const file = (this.file = await this.reopened());
        await this.assertContinues(file);
        this.problem = undefined;
        await this.follow(file);
      } catch (error) {
        this.tell((error as Error).message);
      }
      await after(this.parts.config.retryMs, undefined, { signal }).catch(() => undefined);
    }
    await this.file?.close();
    this.file = undefined;
  }

  private tell(problem: string): void {
    if (problem !== this.problem && !this.released.signal.aborted) this.parts.onProblem(problem);
    this.problem = problem;
  }

  private async reopened(): Promise<ChainFile> {
    await this.file?.close();
    this.file = undefined;
    return ChainFile.open(this.parts.path);
  }

  /** @throws ChainBroken naming the position where the log contradicts the end of the chain. */
  private async assertContinues({ last }: ChainFile): Promise<void> {
    if (!last) return;
    const { log, partition } = this.parts;
    const position = positionOf(last);
    const [first, head] = await Promise.all([log.first(partition), log.head(partition)]);
    if (head.seq < last.seq)
      throw new ChainBroken(`The log of partition ${partition} ends at ${formatPosition(head)}, and its chain at ${position}.`);
    if (first && first.seq > last.seq + 1)
      throw new ChainBroken(`The log of partition ${partition} begins at ${formatPosition(first)}, and its chain ends at ${position}.`);
    if (first && first.seq > last.seq) return;
    const [found] = await log.read(partition, last.seq - 1, 1);
    if (!found || !sameEntry(found, last)) throw new ChainBroken(`The log of partition ${partition} contradicts its chain at ${position}.`);
  }

  /** Ends when the partition is released; rejects when the chain cannot be carried on. */
  private async follow(file: ChainFile): Promise<void> {
    const { tails, partition, config } = this.parts;
    const { signal } = this.released;
    let head: ChainHead = file.durable;
    let waitingBytes = 0;
    let failed: Error | undefined;
    let wake: () => void = () => undefined;
    let roomThere: () => void = () => undefined;
    signal.addEventListener('abort', () => wake(), { once: true });
    const end = tails.subscribe(partition, head.seq, {
      onEnd: (error) => {
        failed ??= error;
        wake();
      },
      onCommit: async (commit: TailedCommit) => {
        const record = chainRecord(head.hash, { ...commit.position, body: commit.body }, sha256);
        const fault = recordFault(head, record, sha256);
        if (fault)
          throw new ChainBroken(`The log of partition ${partition} cannot follow its chain at ${fault.position}: ${fault.problem}`);
        file.add(record);
        head = record;
        waitingBytes += commit.body.length;
        wake();
        if (waitingBytes >= config.bufferedBytesMax) await new Promise<void>((room) => (roomThere = room));
      },
    });
    try {
      while (!signal.aborted && !failed) {
        if (waitingBytes === 0) await new Promise<void>((woken) => (wake = woken));
        if (signal.aborted || failed) break;
        await after(config.groupMs, undefined, { signal }).catch(() => undefined);
        waitingBytes = 0;
        await file.flush();
        roomThere();
      }
      await file.flush();
    } finally {
      end();
      roomThere();
    }
    if (failed) throw named(failed, partition);
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

const sameEntry = ({ position, body }: LogEntry, last: { generation: number; body: string }): boolean =>
  position.generation === last.generation && body === last.body;

function named(error: Error, partition: number): Error {
  return error instanceof ChainBroken || error instanceof Gap || error instanceof LogUnavailable
    ? error
    : new ChainBroken(`Partition ${partition} cannot be followed any further: ${error.message}`);
}
