import type { ReportAccess, ReportGrant, ReportRefusal, ReportRefusals } from '@torch/contracts';
import { byText, CountedRows } from './counted-rows';
import { type ReportEvent, shortened, textOf, wholeOf } from './report.event';

const UNKNOWN = '(unknown)';
const DETAIL_CHARS_MAX = 400;
const WORD_CHARS_MAX = 300;

/** Who was let in, and who was not. */
export class AccessSection {
  private readonly granted: CountedRows<ReportGrant>;
  private readonly refused: Refusals;
  private readonly refusedWithoutProject: Refusals;

  constructor(rowsMax: number) {
    this.granted = new CountedRows(rowsMax);
    this.refused = new Refusals(rowsMax);
    this.refusedWithoutProject = new Refusals(rowsMax);
  }

  take(event: ReportEvent): void {
    if (event.type === 'access.granted') this.grant(event);
    else if (event.type === 'access.refused') this.refused.take(event);
  }

  /** An event of the system's project. */
  takeOfSystem(event: ReportEvent): void {
    if (event.type === 'access.refused') this.refusedWithoutProject.take(event);
  }

  build(): ReportAccess {
    const rows = this.granted.sorted((a, b) => byText(a.caller, b.caller) || byText(a.access, b.access));
    return {
      granted: { rows, more: this.granted.more },
      refused: this.refused.build(),
      refusedWithoutProject: this.refusedWithoutProject.build(),
    };
  }

  private grant({ data, actor, atMs }: ReportEvent): void {
    const caller = word(data.caller) ?? actor;
    const access = word(data.access) ?? UNKNOWN;
    const firstAtMs = wholeOf(data.firstAtMs) ?? atMs;
    const network = word(data.network);
    const row = this.granted.at(JSON.stringify([caller, access]), () => ({
      caller,
      access,
      windows: 0,
      firstAtMs,
      lastAtMs: firstAtMs,
      ...(network !== undefined && { network }),
    }));
    if (!row) return;
    row.windows++;
    row.firstAtMs = Math.min(row.firstAtMs, firstAtMs);
    row.lastAtMs = Math.max(row.lastAtMs, firstAtMs);
  }
}

class Refusals {
  private requests = 0;
  private readonly rows: CountedRows<ReportRefusal>;

  constructor(rowsMax: number) {
    this.rows = new CountedRows(rowsMax);
  }

  take({ data, atMs }: ReportEvent): void {
    const [caller, network] = [word(data.caller), word(data.network)];
    const [method = UNKNOWN, route = UNKNOWN, code = UNKNOWN] = [word(data.method), word(data.route), word(data.code)];
    const count = wholeOf(data.count) ?? 1;
    const [firstAtMs, lastAtMs] = [wholeOf(data.firstAtMs) ?? atMs, wholeOf(data.lastAtMs) ?? atMs];
    const detail = shortened(textOf(data.detail) ?? '', DETAIL_CHARS_MAX);
    this.requests += count;
    const row = this.rows.at(
      JSON.stringify([caller, method, route, code]),
      () => ({
        ...(caller !== undefined && { caller }),
        method,
        route,
        code,
        count: 0,
        firstAtMs,
        lastAtMs,
        ...(network !== undefined && { network }),
        detail,
      }),
      count,
    );
    if (!row) return;
    row.count += count;
    row.firstAtMs = Math.min(row.firstAtMs, firstAtMs);
    row.lastAtMs = Math.max(row.lastAtMs, lastAtMs);
  }

  build(): ReportRefusals {
    const order = (a: ReportRefusal, b: ReportRefusal): number =>
      b.count - a.count ||
      byText(a.caller ?? '', b.caller ?? '') ||
      byText(`${a.route} ${a.method} ${a.code}`, `${b.route} ${b.method} ${b.code}`);
    return { requests: this.requests, rows: this.rows.sorted(order), more: this.rows.more };
  }
}

const word = (value: unknown): string | undefined => {
  const text = textOf(value);
  return text === undefined ? undefined : shortened(text, WORD_CHARS_MAX);
};
