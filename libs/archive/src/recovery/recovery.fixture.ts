import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AnyEvent } from '@torch/kernel';
import { type Consumed, encodeCommit, formatPosition, InMemoryLogServer, type Lease, type Position, type LogServer } from '@torch/log';
import { unsigned } from '../archive.fixture';
import { NODE_DISK } from '../node-disk.adapter';
import { openArchive } from '../partition-archive';
import { PartitionRecovery, type Recovered } from './partition-recovery';

export const PARTITION = 3;
const LOG_ID = 'the-log';
export const CONSUMED: Consumed = { entry: '0-0', commands: 0, seq: 0 };

const dirs: string[] = [];
afterAll(() => dirs.forEach((dir) => rmSync(dir, { recursive: true })));

export const commit = (text: string, { service = 'scheduler', epoch = 1, entry = '0-0' } = {}): string =>
  encodeCommit({ service, epoch, recordedAtMs: 1, consumed: { ...CONSUMED, entry }, answers: [[text]], events: [] });
export const commits = (count: number, from = 1): string[] => Array.from({ length: count }, (_, i) => commit(`${from + i}`));

export interface World {
  readonly server: InMemoryLogServer;
  readonly dir: string;
  /** As the owner of a service would: only while the gate is open. */
  append(bodies: readonly string[]): Promise<Position>;
  /** Archives the log up to `seq`; default: all of it. */
  archive(throughSeq?: number): Promise<void>;
  /** `tellsTime`: whether the log server does; default: 77. */
  recover(options?: { logId?: string; compareEntriesMax?: number; tellsTime?: () => Promise<number> }): Promise<Recovered>;
  log(): Promise<string[]>;
}

export async function world(): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'torch-recovery-'));
  dirs.push(dir);
  const server = new InMemoryLogServer({ gate: 'keeper' });
  await server.identity({ partitions: 8, logId: LOG_ID });
  const guarded = server.connect({ gate: 'guarded' });
  const read = (afterSeq = 0) => server.log.read(PARTITION, afterSeq, 10_000);
  return {
    server,
    dir,
    append: async (bodies) => {
      const lease = (await guarded.leases.acquire(PARTITION, 'scheduler', 'owner', 60_000)) as Lease;
      const seen = await guarded.log.head(PARTITION);
      return guarded.log.append({ ...lease, seen, generation: seen.generation }, bodies);
    },
    archive: async (throughSeq = Infinity) => {
      const archive = await openArchive({ dir, partition: PARTITION, sign: unsigned });
      for (const entry of await read(archive.durable.seq)) if (entry.position.seq <= throughSeq) archive.add(entry);
      await archive.flush();
      await archive.close();
    },
    recover: async ({ logId = LOG_ID, compareEntriesMax, tellsTime = () => Promise.resolve(77) } = {}) => {
      await server.identity({ partitions: 8, logId });
      const lease = (await server.leases.acquire(PARTITION, 'audit', 'keeper', 60_000)) as Lease;
      const config = { restoreEntriesMax: 3, ...(compareEntriesMax && { compareEntriesMax }) };
      const recovery = new PartitionRecovery({
        server: Object.create(server, { timeMs: { value: tellsTime } }) as LogServer,
        place: { dir, partition: PARTITION },
        logId,
        config,
        disk: NODE_DISK,
        newId: () => 'an-id',
      });
      return recovery.recover(lease, async () => CONSUMED);
    },
    log: async () => (await read()).map(({ position, body }) => `${formatPosition(position)} ${answerOf(body)}`),
  };
}

/** What the fixture's commits are told apart by; of the commit that opens a generation, its event. */
function answerOf(body: string): string {
  const { answers, events } = JSON.parse(body) as { answers: string[][]; events: AnyEvent[] };
  return events[0] ? `${events[0].type} ${JSON.stringify(events[0].data)}` : String(answers[0]?.[0]);
}

export const recoveredEvent = (firstLostSeq: number, seenPosition: string): string =>
  `log.recovered {"firstLostSeq":${firstLostSeq},"seenPosition":"${seenPosition}","recoveredAtMs":77}`;
