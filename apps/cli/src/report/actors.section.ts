import type { ActorKind, ReportActor, ReportActors } from '@torch/contracts';
import { byText, CountedRows } from './counted-rows';
import type { ReportEvent } from './report.event';

/** Event types that are told apart for one actor; there are fewer. */
const TYPES_PER_ACTOR_MAX = 500;

type ActorRow = Omit<ReportActor, 'types'> & { readonly types: Map<string, number> };

/** Who did what. */
export class ActorsSection {
  private readonly rows: CountedRows<ActorRow>;

  constructor(rowsMax: number) {
    this.rows = new CountedRows(rowsMax);
  }

  take({ actor, type, atMs }: ReportEvent): void {
    const row = this.rows.at(actor, () => ({ actor, kind: kindOf(actor), events: 0, firstAtMs: atMs, lastAtMs: atMs, types: new Map() }));
    if (!row) return;
    row.events++;
    row.firstAtMs = Math.min(row.firstAtMs, atMs);
    row.lastAtMs = Math.max(row.lastAtMs, atMs);
    const name = row.types.has(type) || row.types.size < TYPES_PER_ACTOR_MAX ? type : '(other types)';
    row.types.set(name, (row.types.get(name) ?? 0) + 1);
  }

  build(): ReportActors {
    const rows = this.rows.sorted(
      (a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || b.events - a.events || byText(a.actor, b.actor),
    );
    return { rows: rows.map(({ types, ...row }) => ({ ...row, types: countsOf(types) })), more: this.rows.more };
  }
}

const KINDS: readonly ActorKind[] = ['person', 'agent', 'service'];

export const kindOf = (actor: string): ActorKind =>
  actor.startsWith('agent:') ? 'agent' : actor.startsWith('service:') ? 'service' : 'person';

/** The most frequent first. */
export const countsOf = (types: ReadonlyMap<string, number>): { type: string; events: number }[] =>
  [...types].map(([type, events]) => ({ type, events })).sort((a, b) => b.events - a.events || byText(a.type, b.type));
