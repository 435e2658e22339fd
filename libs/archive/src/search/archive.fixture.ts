import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  chainRecord,
  type ChainRecord,
  encodeManifestLine,
  encodeRecord,
  GENESIS_HASH,
  MANIFEST_START,
  manifestHash,
} from '@torch/domain-audit';
import type { AnyEvent } from '@torch/kernel';
import { encodeCommit, type Position } from '@torch/log';
import { manifestPath, openSegmentName, partitionDir, sealedSegmentName } from '../archive.layout';
import { sha256 } from '../hashing';

/** A commit of an archive that a test makes up; `events` undefined stands for one that retention has emptied. */
export interface MadeCommit {
  readonly position: Position;
  readonly recordedAtMs: number;
  readonly events: readonly AnyEvent[];
  readonly isPruned?: boolean;
  /** Written with line ends in it, so that it is embedded as a string. */
  readonly isPretty?: boolean;
}

export interface MadeSegment {
  readonly isSealed: boolean;
  readonly commits: readonly MadeCommit[];
}

export const madeEvent = (fields: Partial<AnyEvent> = {}): AnyEvent => ({
  type: 'task.requeued',
  v: 1,
  subject: 'task/t1',
  project: 'default',
  actor: 'service:scheduler',
  correlationId: 'c1',
  data: { reason: 'backoff-over' },
  ...fields,
});

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export function madeFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'torch-archive-search-'));
  folders.push(dir);
  return dir;
}

/** Writes a partition's archive as a whole, sealed segments with their lines in the manifest. */
export function writeArchive(dir: string, partition: number, segments: readonly MadeSegment[]): void {
  const place = { dir, partition };
  mkdirSync(partitionDir(place), { recursive: true });
  const manifest: string[] = [];
  let head = GENESIS_HASH;
  let previous = MANIFEST_START;
  for (const { isSealed, commits } of segments) {
    const records = commits.map((commit) => {
      const record = recordOf(commit, head);
      head = record.hash;
      return record;
    });
    const [first, last] = [records[0], records.at(-1)];
    if (!first || !last) continue;
    const bytes = Buffer.from(records.map((record) => `${encodeRecord(record)}\n`).join(''));
    if (!isSealed) {
      writeFileSync(join(partitionDir(place), openSegmentName(first.seq)), bytes);
      continue;
    }
    const gz = gzipSync(bytes);
    writeFileSync(join(partitionDir(place), sealedSegmentName(first.seq)), gz);
    const times = commits.map(({ recordedAtMs }) => recordedAtMs);
    const events = commits.flatMap((commit) => commit.events);
    const line = encodeManifestLine(
      {
        kind: 'sealed',
        firstSeq: first.seq,
        lastSeq: last.seq,
        firstPosition: `${first.seq}-${first.generation}`,
        lastPosition: `${last.seq}-${last.generation}`,
        records: records.length,
        events: events.length,
        bytes: bytes.length,
        gzBytes: gz.length,
        sha256: sha256(gz),
        projects: [...new Set(events.map(({ project }) => project))].sort(),
        fromMs: Math.min(...times),
        toMs: Math.max(...times),
        head,
        frontier: [],
        checkpoint: '',
        sealedAtMs: Math.max(...times),
      },
      previous,
    );
    previous = manifestHash(line, sha256);
    manifest.push(`${line}\n`);
  }
  writeFileSync(manifestPath(place), manifest.join(''));
}

function recordOf({ position, recordedAtMs, events, isPruned, isPretty }: MadeCommit, head: string): ChainRecord {
  const draft = { service: 'scheduler', epoch: 1, recordedAtMs, consumed: { entry: '0-0', commands: 0, seq: 0 }, answers: [], events };
  const body = isPretty ? JSON.stringify(draft, undefined, 2) : encodeCommit(draft);
  const record = chainRecord(head, { ...position, body }, sha256);
  return isPruned ? { ...record, body: undefined } : record;
}
