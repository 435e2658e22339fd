import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { PartitionVerdict } from '@torch/contracts';
import {
  type ChainHead,
  type ChainProof,
  type ChainRecord,
  confirmHead,
  decodeRecord,
  EMPTY_PROOF,
  extendProof,
  positionOf,
} from '@torch/domain-audit';
import { formatPosition, Gap, type Log, type LogEntry } from '@torch/log';
import { sha256 } from './sha256';

export interface CheckRequest {
  readonly path: string;
  /** How much of the file is to be checked. */
  readonly bytes: number;
  /** Where the chain is known to end. */
  readonly head: ChainHead;
  readonly log: Log;
  readonly partition: number;
  readonly readEntriesMax: number;
}

/**
 * Reads a whole chain, recomputes every hash, and compares every record with the log as far back as the log reaches.
 *
 * @throws LogUnavailable
 */
export async function checkChain(request: CheckRequest): Promise<PartitionVerdict> {
  const { partition, head } = request;
  const log = new LogComparison(request);
  let proof: ChainProof = EMPTY_PROOF;
  await log.start(head);
  for await (const line of linesOf(request)) {
    const record = decodeRecord(line);
    proof = extendProof(proof, record, sha256);
    if (!proof.fault && record) proof = withFault(proof, await log.faultOf(record));
    if (proof.fault) break;
  }
  proof = withFault(confirmHead(proof, head), log.faultAtEnd(proof.head));
  const { records, fault } = proof;
  return {
    partition,
    ok: fault === undefined,
    records,
    lastSeq: proof.head.seq,
    lastHash: proof.head.hash,
    ...(fault && { badPosition: fault.position, problem: fault.problem.slice(0, 2000) }),
  };
}

const withFault = (proof: ChainProof, fault: ChainProof['fault']): ChainProof => (proof.fault || !fault ? proof : { ...proof, fault });

async function* linesOf({ path, bytes }: CheckRequest): AsyncGenerator<string, void, void> {
  if (bytes === 0) return;
  const stream = createReadStream(path, { encoding: 'utf8', end: bytes - 1 });
  try {
    yield* createInterface({ input: stream, crlfDelay: Infinity });
  } catch (error) {
    // A chain that was taken away is shorter than it must be, and that is what is found.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    stream.destroy();
  }
}

/** The log beside the chain, read on in step with it. */
class LogComparison {
  private entries = new Map<number, LogEntry>();
  private readTo = 0;
  private firstSeq = 1;
  private end: { seq: number; text: string } = { seq: 0, text: '' };

  constructor(private readonly request: Pick<CheckRequest, 'log' | 'partition' | 'readEntriesMax'>) {}

  /** The log may go on while the chain is read, but must hold what the chain held when this began. */
  async start(chain: ChainHead): Promise<void> {
    const { log, partition } = this.request;
    const [first, head] = await Promise.all([log.first(partition), log.head(partition)]);
    this.firstSeq = first?.seq ?? chain.seq + 1;
    this.end = { seq: head.seq, text: formatPosition(head) };
  }

  async faultOf(record: ChainRecord): Promise<ChainProof['fault']> {
    if (record.seq < this.firstSeq || record.seq > this.end.seq) return undefined;
    const found = await this.entry(record.seq);
    const position = positionOf(record);
    if (!found) return { position, problem: 'The log has no such entry.' };
    if (found.position.generation !== record.generation)
      return { position, problem: `The log has ${formatPosition(found.position)} in its place.` };
    return found.body === record.body ? undefined : { position, problem: 'The log has other content there than the chain.' };
  }

  faultAtEnd({ seq, generation }: ChainHead): ChainProof['fault'] {
    if (this.end.seq >= seq) return undefined;
    return {
      position: positionOf({ seq: this.end.seq + 1, generation }),
      problem: `The log ends at ${this.end.text || '0-0'}, and the chain at ${positionOf({ seq, generation })}.`,
    };
  }

  private async entry(seq: number): Promise<LogEntry | undefined> {
    if (seq > this.readTo) {
      const { log, partition, readEntriesMax } = this.request;
      const entries = await log.read(partition, seq - 1, readEntriesMax).catch((error: unknown) => {
        if (error instanceof Gap) return [];
        throw error;
      });
      this.entries = new Map(entries.map((entry) => [entry.position.seq, entry]));
      this.readTo = Math.max(seq, entries.at(-1)?.position.seq ?? seq);
    }
    return this.entries.get(seq);
  }
}
