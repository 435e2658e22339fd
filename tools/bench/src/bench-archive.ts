import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ArchiveConfig,
  type ArchiveDisk,
  type DiskFile,
  ensureLogNote,
  NODE_DISK,
  Notary,
  openArchive,
  readVerifierKeys,
} from '@torch/archive';
import type { VerifierKey } from '@torch/domain-audit';
import { encodeCommit } from '@torch/log';
import { benchTask } from './payload';

/** An archive of one partition, in a folder of its own. */
export interface BenchArchive {
  readonly dir: string;
  readonly keys: readonly VerifierKey[];
  /** Taken by the notary until everything was written and signed, in seconds. */
  readonly seconds: number;
  remove(): Promise<void>;
}

export interface BenchArchiveOrder {
  readonly bodies: Iterable<string>;
  readonly config?: Partial<ArchiveConfig>;
  /** Wait for the disk, as the service does. */
  readonly isSynced: boolean;
}

/** The disk without waiting for it: what is left is the notary's own work. */
const UNSYNCED: ArchiveDisk = {
  ...NODE_DISK,
  openToWrite: async (path) => withoutSync(await NODE_DISK.openToWrite(path)),
  openToChange: async (path) => {
    const file = await NODE_DISK.openToChange(path);
    return file && withoutSync(file);
  },
  syncDir: () => Promise.resolve(),
};

const withoutSync = (file: DiskFile): DiskFile => ({
  size: () => file.size(),
  read: (into, position) => file.read(into, position),
  write: (bytes, position) => file.write(bytes, position),
  truncate: (size) => file.truncate(size),
  sync: () => Promise.resolve(),
  close: () => file.close(),
});

/** Notarises commits as the service does: chain, tree, segments, signed checkpoints. */
export async function notarise({ bodies, config, isSynced }: BenchArchiveOrder): Promise<BenchArchive> {
  const folder = await mkdtemp(join(tmpdir(), 'torch-bench-archive-'));
  const dir = join(folder, 'audit');
  const { logId } = await ensureLogNote({ dir, identity: { logId: randomUUID(), partitions: 1 }, nowMs: Date.now() });
  const notary = await Notary.open({ dataDir: folder, archiveDir: dir, logId });
  const disk = isSynced ? NODE_DISK : UNSYNCED;
  const archive = await openArchive({ dir, partition: 0, config: { groupMs: 0, ...config }, sign: notary.signer(0), disk });
  const startedAt = performance.now();
  let seq = 0;
  for (const body of bodies) {
    await archive.room();
    archive.add({ position: { seq: ++seq, generation: 0 }, body });
  }
  await archive.flush();
  const seconds = (performance.now() - startedAt) / 1000;
  await archive.close();
  return { dir, keys: await readVerifierKeys(join(dir, 'notary.pub')), seconds, remove: () => rm(folder, { recursive: true }) };
}

/** Commits of a scheduler with `eventsEach` events: tasks submitted, assigned and completed, under ids as they are in use. */
export function* schedulerCommits(events: number, eventsEach: number): Generator<string, void, void> {
  const envelope = { v: 1, project: 'default', actor: 'user:bench' };
  for (let from = 0; from < events; from += eventsEach) {
    const lives = Array.from({ length: eventsEach }, (_, i) => {
      const index = from + i;
      const taskId = randomUUID();
      const live = { taskId, attempt: 1, agentId: `agent-${index % 50}` };
      const about = { ...envelope, subject: `task/${taskId}`, correlationId: taskId };
      return [
        { ...about, type: 'task.submitted', data: { runId: 'r', spec: benchTask(taskId, index), submittedAtMs: index } },
        {
          ...about,
          v: 2,
          type: 'task.assigned',
          data: { ...live, assignment: randomUUID(), leaseUntilMs: index + 30_000, assignedAtMs: index },
        },
        { ...about, type: 'task.completed', data: { ...live, exitCode: 0, durationMs: 5, completedAtMs: index } },
      ][index % 3] as never;
    });
    yield encodeCommit({
      service: 'scheduler',
      epoch: 1,
      recordedAtMs: Date.now(),
      consumed: { entry: `${from}-0`, commands: 1, seq: from },
      answers: [[randomUUID()]],
      events: lives,
    });
  }
}
