import { type AnyEvent } from '@torch/kernel';
import { encodeCommit, type LogEntry, type Position } from '@torch/log';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openArchive } from '../partition-archive';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export function newFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'torch-history-'));
  folders.push(dir);
  return dir;
}

/** Adds entries to a partition's archive; a segment is sealed behind each of `sealBehind`. */
export async function archive(
  dir: string,
  partition: number,
  entries: readonly LogEntry[],
  sealBehind: readonly number[] = [],
): Promise<void> {
  const archive = await openArchive({ dir, partition, sign: () => 'unsigned', config: { groupMs: 0 } });
  for (const entry of entries) {
    await archive.room();
    archive.add(entry);
    if (sealBehind.includes(entry.position.seq)) await archive.seal();
  }
  await archive.flush();
  await archive.close();
}

/** Commits at 1-0, 2-0 …, one minute apart from 1,000,000 on, each with one event about `task/t<seq mod 10>`. */
export function commits(count: number, change: (seq: number) => Partial<AnyEvent> = () => ({})): LogEntry[] {
  return Array.from({ length: count }, (_, i) => commit({ seq: i + 1, generation: 0 }, { event: change(i + 1) }));
}

export const timeOf = (seq: number): number => 1_000_000 + seq * 60_000;

export function commit(
  position: Position,
  { event = {}, recordedAtMs = timeOf(position.seq) }: { event?: Partial<AnyEvent>; recordedAtMs?: number } = {},
): LogEntry {
  const { seq } = position;
  const whole: AnyEvent = {
    type: 'task.requeued',
    v: 1,
    subject: `task/t${seq % 10}`,
    project: 'default',
    actor: 'service:scheduler',
    correlationId: `c${seq % 3}`,
    data: { taskId: `t${seq % 10}`, reason: 'backoff-over', requeuedAtMs: recordedAtMs },
    ...event,
  };
  const consumed = { entry: '0-0', commands: 0, seq: seq - 1 };
  return { position, body: encodeCommit({ service: 'scheduler', epoch: 1, recordedAtMs, consumed, answers: [], events: [whole] }) };
}
