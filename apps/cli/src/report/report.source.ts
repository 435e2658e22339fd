import { ArchiveBroken, type ArchivedRecord, type ArchivePlace, type ReadArchive, readArchive, readManifest } from '@torch/archive';
import { eventContract, upcast } from '@torch/contracts';
import type { AnyEvent } from '@torch/kernel';
import { formatPosition, parsePosition } from '@torch/log';
import type { ReportCommit } from './report.builder';
import { reportEvent, type ReportEvent } from './report.event';
import type { ReportPeriod } from './report.period';

/** One record of the archive: its commit, or that retention has removed it. */
export type ReportRecord = ReportCommit | 'pruned';

interface CommitText {
  readonly service: string;
  readonly epoch: number;
  readonly recordedAtMs: number;
  readonly events: readonly AnyEvent[];
}

/** A record that is there and cannot be understood. */
export class RecordUnreadable extends Error {
  constructor(position: string, why: string) {
    super(`The record at ${position} cannot be read: ${why}`);
    this.name = 'RecordUnreadable';
  }
}

/**
 * The commits of a period in the order of the log, streamed. Sealed segments of other times are not opened.
 *
 * @throws ArchiveBroken, RecordUnreadable naming the position at which the archive cannot be read any further.
 */
export async function* readPeriod(place: ArchivePlace, period: ReportPeriod): AsyncGenerator<ReportRecord, void, void> {
  const { fromMs = 0, toMs = Infinity } = period;
  for await (const { position, body } of recordsOf({ ...place, ...(await seqsOf(place, period)) })) {
    if (body === undefined) {
      yield 'pruned';
      continue;
    }
    const commit = commitOf(body, formatPosition(position));
    if (commit.atMs >= fromMs && commit.atMs < toMs) yield commit;
  }
}

/** Records one by one, to the last one before whatever is broken: a batch with something broken in it comes as far as it is whole. */
async function* recordsOf(request: ReadArchive): AsyncGenerator<ArchivedRecord, void, void> {
  let seq = request.afterSeq ?? 0;
  try {
    for await (const batch of readArchive(request)) {
      for (const record of batch) {
        yield record;
        seq = record.position.seq;
      }
    }
  } catch (error) {
    const brokenSeq = error instanceof ArchiveBroken && error.position !== undefined ? parsePosition(error.position).seq : 0;
    if (brokenSeq - 1 > seq) for await (const batch of readArchive({ ...request, afterSeq: seq, throughSeq: brokenSeq - 1 })) yield* batch;
    throw error;
  }
}

/** Which records may be of the period, as the manifest says; records of open segments always may. */
async function seqsOf(
  place: ArchivePlace,
  { fromMs = 0, toMs = Infinity }: ReportPeriod,
): Promise<{ afterSeq: number; throughSeq?: number }> {
  const { sealed } = await readManifest(place);
  const first = sealed.findIndex((segment) => segment.toMs >= fromMs);
  const last = sealed.findLastIndex((segment) => segment.fromMs < toMs);
  const before = first === -1 ? sealed.at(-1) : sealed[first - 1];
  // Whatever is behind the last sealed segment may still be of the period, unless a sealed one is already later.
  const through = last === sealed.length - 1 ? undefined : (sealed[last]?.lastSeq ?? before?.lastSeq ?? 0);
  return { afterSeq: before?.lastSeq ?? 0, ...(through !== undefined && { throughSeq: through }) };
}

function commitOf(body: string, position: string): ReportCommit {
  let commit: CommitText;
  try {
    commit = JSON.parse(body) as CommitText;
  } catch (error) {
    throw new RecordUnreadable(position, (error as Error).message);
  }
  const { service, epoch, recordedAtMs: atMs, events } = commit;
  if (typeof service !== 'string' || !Number.isSafeInteger(epoch) || !Number.isSafeInteger(atMs) || !Array.isArray(events))
    throw new RecordUnreadable(position, 'it is no commit.');
  return { service, epoch, atMs, position, events: events.map((event) => reportEvent(newest(event, position), atMs, position)) };
}

/** Data is not checked against its contract: what the archive holds is what is reported on. */
function newest(event: AnyEvent, position: string): AnyEvent {
  const contract = eventContract(event.type);
  if (!contract || event.v === contract.v) return event;
  try {
    return { ...event, data: upcast(contract, event.v, event.data) };
  } catch (error) {
    throw new RecordUnreadable(position, (error as Error).message);
  }
}

/** What the archive's manifest says about content that retention removed in the period. */
export async function prunedSegments(place: ArchivePlace, { fromMs = 0, toMs = Infinity }: ReportPeriod): Promise<ReportEvent[]> {
  const { lines, sealed } = await readManifest(place);
  return lines.flatMap((line) => {
    if (line.kind !== 'pruned' || line.prunedAtMs < fromMs || line.prunedAtMs >= toMs) return [];
    const { firstSeq, lastSeq, pruned, reason, prunedAtMs: atMs } = line;
    const position = sealed.find((segment) => segment.firstSeq === firstSeq)?.firstPosition ?? String(firstSeq);
    const data = { records: `${firstSeq} to ${lastSeq}`, withoutContent: pruned, reason };
    return [{ type: 'archive.pruned', subject: `segment/${firstSeq}`, project: '', actor: 'service:audit', data, atMs, position }];
  });
}
