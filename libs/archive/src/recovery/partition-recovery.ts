import { type AuditEvent, eventContract, SYSTEM_PROJECT } from '@torch/contracts';
import {
  type Consumed,
  encodeCommit,
  Fenced,
  formatPosition,
  GateShut,
  type Lease,
  type LogEntry,
  type LogServer,
  type Position,
  LogUnavailable,
} from '@torch/log';
import type { ArchiveDisk } from '../archive-disk';
import { archiveHead } from '../archive-head';
import type { ArchivePlace } from '../archive.layout';
import { readArchive } from '../archive.reader';
import { PRUNED_BODY } from '../history/pruned-body';
import { type GateNote, readGateNote, writeGateNote } from './gate.note';
import { firstDifference } from './log-comparison';
import { readStatesNote, type StatesNote } from '../states/states.note';
import { ServiceMarks } from './service-marks';

export interface RecoveryConfig {
  /** Newest entries that log and archive both have and that are compared byte by byte before the gate is opened. */
  readonly compareEntriesMax: number;
  /** Of one restoring request to the log server. */
  readonly restoreEntriesMax: number;
  readonly restoreBytesMax: number;
  /** Term of the keeper's lease, which is renewed while the recovery goes on. */
  readonly leaseMs: number;
  /** Commits that are put back at most, but for those that a service still needs; 0: all. */
  readonly commitsMax: number;
}

export const RECOVERY_DEFAULTS: RecoveryConfig = {
  compareEntriesMax: 10_000,
  restoreEntriesMax: 1000,
  restoreBytesMax: 4 * 1024 * 1024,
  leaseMs: 3000,
  commitsMax: 0,
};

/** What a recovery came to. */
export interface Recovered {
  /** `already-open`: somebody else had done it. `opened`: a log that is new. `recovered`: the next generation was opened. */
  readonly outcome: 'already-open' | 'opened' | 'recovered';
  /** Commits put back from the archive. */
  readonly restored: number;
  /** Where the log ended when it was found. */
  readonly found: Position;
  /** Where the archive ended. */
  readonly archived: Position;
  /** In which the log goes on. */
  readonly generation: number;
}

export interface RecoveryParts {
  readonly server: LogServer;
  readonly place: ArchivePlace;
  /** The log that the archive is of. */
  readonly logId: string;
  readonly config?: Partial<RecoveryConfig>;
  /** The disk of the archive's fence: where the archive ends is only looked at by whoever holds it. */
  readonly disk: ArchiveDisk;
  readonly nowMs?: () => number;
  readonly newId: () => string;
  /**
   * Gives the services back the archived states that the log server has lost, behind the log that it has again.
   *
   * @returns whether there were any.
   */
  readonly putBackStates?: () => Promise<boolean>;
  /** Told the last seq that was restored, and the last that will be. */
  readonly onProgress?: (seq: number, lastSeq: number) => void;
}

interface Findings {
  readonly first: Position | undefined;
  readonly head: Position;
  readonly archived: Position;
  readonly note: GateNote | undefined;
  readonly states: StatesNote;
}

/**
 * Makes sure, in each new life of the log server, that a partition's log has all that is archived, before owners and
 * readers get to see it.
 *
 * What is missing is put back under its own positions. Whatever was in memory only may be gone without anybody knowing, so
 * the log always goes on in the next generation: no position ever means two things. A log that contradicts the archive is
 * left as it is, and its gate stays shut.
 */
export class PartitionRecovery {
  private readonly config: RecoveryConfig;
  private readonly disk: ArchiveDisk;

  constructor(private readonly parts: RecoveryParts) {
    this.config = { ...RECOVERY_DEFAULTS, ...parts.config };
    this.disk = parts.disk;
  }

  /**
   * @param readOn reads the log to its end as the owner of the keeper's own events, and says how far it has consumed.
   * @throws GateShut when the gate must stay shut; Fenced when states were put back, and the keeper has to begin anew with its own;
   * LogUnavailable, ArchiveBroken.
   */
  async recover(lease: Lease, readOn: () => Promise<Consumed>): Promise<Recovered> {
    const { server, place } = this.parts;
    const { partition } = place;
    const { incarnation, state } = await server.gate.state(partition);
    const findings = await this.look();
    const { head: found, archived } = findings;
    if (state === 'open') return { outcome: 'already-open', restored: 0, found, archived, generation: found.generation };
    const contradiction = await this.contradiction(findings);
    if (contradiction !== undefined) {
      await server.gate.refuse(lease, incarnation, contradiction);
      throw new GateShut(partition, contradiction);
    }
    const restored = await this.restore(lease, incarnation, findings);
    // The keeper begins anew as well, with the state that is its own: the log may not have what came before it.
    if (await this.parts.putBackStates?.()) throw new Fenced(partition, lease.service, lease.epoch);
    const consumed = await readOn();
    const head = await server.log.head(partition);
    const generation = nextGeneration(findings, head, incarnation);
    await writeGateNote(place, { incarnation, generation }, this.disk);
    const isNew = generation === 0;
    await server.gate.open(lease, incarnation, {
      head,
      ...(!isNew && { recovered: { generation, body: await this.recoveredCommit({ lease, head, findings, consumed }) } }),
    });
    return { outcome: isNew ? 'opened' : 'recovered', restored, found, archived, generation };
  }

  private async look(): Promise<Findings> {
    const { server, place } = this.parts;
    const [first, head, archived, note, states] = await Promise.all([
      server.log.first(place.partition),
      server.log.head(place.partition),
      archiveHead(place, this.disk),
      readGateNote(place, this.disk),
      readStatesNote(place, this.disk),
    ]);
    return { first, head, archived: { seq: archived.seq, generation: archived.generation }, note, states };
  }

  /** Why log and archive cannot be of one history, with the first position where they differ and the way out. */
  private async contradiction({ first, head, archived }: Findings): Promise<string | undefined> {
    const { server, place, logId } = this.parts;
    const identity = await server.identity({ partitions: 1, logId });
    if (archived.seq > 0 && first && first.seq > archived.seq + 1)
      return `The log begins at ${formatPosition(first)} and the archive ends at ${formatPosition(archived)}: what is between them is missing. ${WAY_OUT}`;
    if (archived.seq === 0 && first && first.seq > 1)
      return `The log begins at ${formatPosition(first)} and nothing of it is archived in ${place.dir}. Give audit the archive that has what came before. ${WAY_OUT}`;
    const throughSeq = Math.min(head.seq, archived.seq);
    const fromSeq = Math.max(first?.seq ?? 1, throughSeq - this.config.compareEntriesMax + 1);
    const range = { place, disk: this.disk, log: server.log };
    const differs = throughSeq > 0 && (await firstDifference({ ...range, fromSeq, throughSeq })) !== undefined;
    if (!differs && identity.logId === logId) return undefined;
    const difference = throughSeq > 0 ? await firstDifference({ ...range, fromSeq: first?.seq ?? 1, throughSeq }) : undefined;
    const where = difference ? `They differ first at ${difference.position}: ${difference.problem}` : 'They have nothing in common.';
    const which = identity.logId === logId ? 'is another history than' : `is another log (${identity.logId}) than the one (${logId}) of`;
    return `What the log server holds ${which} the archive in ${place.dir}. ${where} ${WAY_OUT}`;
  }

  private async restore(lease: Lease, incarnation: string, { head, archived, states }: Findings): Promise<number> {
    const { server, onProgress, nowMs = Date.now } = this.parts;
    if (archived.seq <= head.seq) return 0;
    const marks = new ServiceMarks(states.marks);
    const firstSeq = Math.max(head.seq + 1, this.firstNeeded(archived, states));
    let renewedAtMs = nowMs();
    let sending: Promise<void> = Promise.resolve();
    for await (const entries of this.missing(firstSeq - 1, archived.seq)) {
      for (const { body } of entries) marks.see(body);
      await sending;
      if (nowMs() - renewedAtMs > this.config.leaseMs / 3) {
        renewedAtMs = nowMs();
        if (!(await server.leases.renew(lease, this.config.leaseMs))) throw new Fenced(lease.partition, lease.service, lease.epoch);
      }
      // Marked first: a recovery that carries this one on reads only what is still missing.
      const afresh = entries[0]?.position.seq === firstSeq && firstSeq > head.seq + 1;
      sending = server.gate.mark(lease, marks.all()).then(() => server.gate.restore(lease, incarnation, entries, { afresh }));
      sending.catch(() => undefined); // Awaited in the next round; an error is not to be called unhandled until then.
      onProgress?.(entries.at(-1)?.position.seq ?? head.seq, archived.seq);
    }
    await sending;
    return archived.seq - firstSeq + 1;
  }

  /** Where a log may begin: no service needs more, and more of it would only fill the log server. */
  private firstNeeded(archived: Position, { neededSeq }: StatesNote): number {
    const { commitsMax } = this.config;
    return commitsMax > 0 ? Math.max(1, Math.min(neededSeq, archived.seq - commitsMax + 1)) : 1;
  }

  private async *missing(afterSeq: number, throughSeq: number): AsyncGenerator<readonly LogEntry[], void, void> {
    let entries: LogEntry[] = [];
    let bytes = 0;
    for await (const batch of readArchive({ ...this.parts.place, disk: this.disk, afterSeq, throughSeq })) {
      for (const { position, body = PRUNED_BODY } of batch) {
        entries.push({ position, body });
        bytes += body.length;
        if (entries.length < this.config.restoreEntriesMax && bytes < this.config.restoreBytesMax) continue;
        yield entries;
        entries = [];
        bytes = 0;
      }
    }
    if (entries.length > 0) yield entries;
  }

  /** The log server's, as owners go by it; the machine's where the log server may not be asked. @throws LogUnavailable. */
  private async timeMs(): Promise<number> {
    const { server, nowMs = Date.now } = this.parts;
    try {
      return await server.timeMs();
    } catch (error) {
      if (error instanceof LogUnavailable) throw error;
      return nowMs();
    }
  }

  /** By the log server's clock, as everything that is decided: no owner goes by a time before it. */
  private async recoveredCommit({
    lease,
    head,
    findings,
    consumed,
  }: {
    readonly lease: Lease;
    readonly head: Position;
    readonly findings: Findings;
    readonly consumed: Consumed;
  }): Promise<string> {
    const { newId, place } = this.parts;
    const recoveredAtMs = await this.timeMs();
    const known = findings.archived.seq > findings.head.seq ? findings.archived : findings.head;
    const event: AuditEvent = {
      type: 'log.recovered',
      v: eventContract('log.recovered')?.v ?? 1,
      subject: `partition/${place.partition}`,
      project: SYSTEM_PROJECT,
      actor: `service:${lease.service}`,
      correlationId: newId(),
      data: { firstLostSeq: head.seq + 1, seenPosition: formatPosition(known), recoveredAtMs },
    };
    return encodeCommit({
      service: lease.service,
      epoch: lease.epoch,
      recordedAtMs: recoveredAtMs,
      consumed,
      answers: [],
      events: [event],
    });
  }
}

const WAY_OUT =
  'Nothing was changed. Connect Torch to the log server that belongs to this archive, or start that server empty: its log is restored from the archive.';

/** Above all that were ever used; 0 only for a log that was never open and has nothing in it. */
function nextGeneration({ head: found, archived, note }: Findings, head: Position, incarnation: string): number {
  const used = Math.max(head.generation, archived.generation);
  if (note === undefined) return found.seq === 0 && archived.seq === 0 ? 0 : used + 1;
  // Noted by an attempt that did not come to open the gate.
  if (note.incarnation === incarnation && note.generation > used) return note.generation;
  return Math.max(used, note.generation) + 1;
}
