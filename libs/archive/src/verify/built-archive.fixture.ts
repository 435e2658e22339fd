import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VerifierKey } from '@torch/domain-audit';
import { LOG_NOTE } from '../archive.layout';
import { checkpointSigner } from '../notary/checkpoint.signer';
import { createNotaryKey, type NotaryKey } from '../notary/ed25519';
import { openArchive } from '../partition-archive';

export const LOG_ID = '5f0c6a3e-8a55-4f6f-9c52-0f6f3f5a7f10';

export interface BuiltArchive {
  readonly dir: string;
  readonly key: NotaryKey;
  readonly keys: readonly VerifierKey[];
  readonly records: number;
  readonly events: number;
  remove(): void;
}

export interface ArchivePlan {
  /** Commits in each segment; the last one stays open. */
  readonly segments: readonly number[];
  readonly eventsEach: number;
  /** The first seq of generation 1. */
  readonly recoveredAt?: number;
}

/** A commit of a busy scheduler, with what distinguishes one from the next. */
export function commitBody(seq: number, events: number): string {
  return JSON.stringify({
    service: 'scheduler',
    epoch: 1,
    recordedAtMs: 1_767_225_600_000 + seq,
    consumed: { entry: `${seq}-0`, commands: 1, seq: seq - 1 },
    answers: [[`project-${seq % 3}/id-${seq}`]],
    events: Array.from({ length: events }, (_, i) => ({
      type: 'task.assigned',
      subject: `task/${seq}-${i}`,
      project: `project-${seq % 3}`,
      data: { attempt: 1 },
    })),
  });
}

/** An archive of one partition as the service writes it, closed in good order. */
export async function buildArchive({ segments, eventsEach, recoveredAt = Infinity }: ArchivePlan): Promise<BuiltArchive> {
  const dir = mkdtempSync(join(tmpdir(), 'torch-archive-'));
  const key = createNotaryKey(`torch/${LOG_ID}/notary-1`);
  writeFileSync(join(dir, LOG_NOTE), JSON.stringify({ format: 1, logId: LOG_ID, partitions: 1, createdAtMs: 1 }));
  const archive = await openArchive({
    dir,
    partition: 0,
    sign: checkpointSigner({ logId: LOG_ID, partition: 0, signer: () => key }),
    config: { groupMs: 0 },
  });
  let seq = 0;
  for (const [i, commits] of segments.entries()) {
    for (let n = 0; n < commits; n++) {
      seq++;
      await archive.room();
      archive.add({ position: { seq, generation: seq < recoveredAt ? 0 : 1 }, body: commitBody(seq, eventsEach) });
    }
    if (i < segments.length - 1) await archive.seal();
  }
  await archive.close();
  const { name, id, publicKey } = key;
  return {
    dir,
    key,
    keys: [{ name, id, publicKey }],
    records: seq,
    events: seq * eventsEach,
    remove: () => rmSync(dir, { recursive: true }),
  };
}
