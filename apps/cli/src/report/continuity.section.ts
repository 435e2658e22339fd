import type { ReportContinuity, ReportLease, ReportLeaseChange, ReportRecovery } from '@torch/contracts';
import { byText, CountedRows } from './counted-rows';
import { type ReportEvent, textOf, wholeOf } from './report.event';

const SERVICES_MAX = 100;

export interface CommitPlace {
  readonly service: string;
  readonly epoch: number;
  readonly atMs: number;
  readonly position: string;
}

/** How the partition's log went on: recoveries, and who had the right to decide. */
export class ContinuitySection {
  private readonly recoveries: CountedRows<ReportRecovery>;
  private readonly leases = new CountedRows<ReportLease>(SERVICES_MAX);
  private readonly changes: CountedRows<ReportLeaseChange>;

  constructor(rowsMax: number) {
    this.recoveries = new CountedRows(rowsMax);
    this.changes = new CountedRows(rowsMax);
  }

  takeCommit({ service, epoch, atMs, position }: CommitPlace): void {
    const lease = this.leases.at(service, () => ({ service, firstEpoch: epoch, lastEpoch: epoch, changes: 0, commits: 0 }));
    if (!lease) return;
    lease.commits++;
    if (epoch === lease.lastEpoch) return;
    this.changes.add({ atMs, service, fromEpoch: lease.lastEpoch, toEpoch: epoch, position });
    lease.changes++;
    lease.lastEpoch = epoch;
  }

  takeOfSystem({ type, data, position, atMs }: ReportEvent): void {
    if (type !== 'log.recovered') return;
    const firstLostSeq = wholeOf(data.firstLostSeq) ?? 0;
    const seenPosition = textOf(data.seenPosition) ?? '0-0';
    const seenSeq = wholeOf(Number(seenPosition.split('-')[0])) ?? 0;
    this.recoveries.add({ position, atMs, firstLostSeq, seenPosition, commitsLost: Math.max(0, seenSeq - firstLostSeq + 1) });
  }

  build(): ReportContinuity {
    return {
      recoveries: this.recoveries.sorted(),
      recoveriesMore: this.recoveries.more,
      leases: this.leases.sorted((a, b) => byText(a.service, b.service)),
      leaseChanges: this.changes.sorted(),
      leaseChangesMore: this.changes.more,
    };
  }
}
