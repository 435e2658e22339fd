import { listedSnapshot, type SnapshotFormat } from '@torch/kernel';
import { type AuditState, emptyAudit, type NotaryKeyState } from './audit.state';
import type { ErasureState } from './erasures';
import type { HoldState } from './retention.state';

interface AuditLists {
  readonly keys: readonly [name: string, key: NotaryKeyState];
  readonly days: readonly [project: string, days: number];
  readonly holds: readonly [on: string, hold: HoldState];
  readonly erasures: readonly [subject: string, erasure: ErasureState];
}

const nameOf = ([name]: readonly [string, ...unknown[]]): string => name;

export const auditSnapshot: SnapshotFormat<AuditState> = listedSnapshot<AuditState, AuditLists>({
  version: 4,
  lists: ({ keys, retention: { days, holds, erasures } }) => ({ keys, days, holds, erasures: erasures.entries() }),
  sortedBy: { keys: nameOf, days: nameOf, holds: nameOf },
  decoder() {
    const state = emptyAudit();
    const { days, holds, erasures } = state.retention;
    return {
      take: {
        keys: ([name, key]) => state.keys.set(name, key),
        days: ([project, kept]) => days.set(project, kept),
        holds: ([on, hold]) => holds.set(on, hold),
        erasures: ([subject, erasure]) => erasures.set(subject, erasure),
      },
      finish: () => state,
    };
  },
});
