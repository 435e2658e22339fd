import { momentMs } from '@torch/contracts';
import { wrongUsage } from '../cli.errors';

/** Recorded times from `fromMs` on and before `toMs`, epoch ms; an absent bound is the archive's own. */
export interface ReportPeriod {
  readonly fromMs?: number;
  readonly toMs?: number;
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 24 * 3_600_000;

/** @throws CliError 2 when a bound is no moment, or the period has no length. */
export function periodOf({ from, to }: { readonly from?: string; readonly to?: string }): ReportPeriod {
  const fromMs = from === undefined ? undefined : momentOf('--from', from);
  // A date as the end means the whole of that day.
  const toMs = to === undefined ? undefined : momentOf('--to', to) + (DATE.test(to) ? DAY_MS : 0);
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs) throw wrongUsage(`--from "${from}" must be before --to "${to}".`);
  return { fromMs, toMs };
}

/** Without an offset, the time is UTC: the same on every machine. @throws CliError 2. */
export function momentOf(option: string, text: string): number {
  const ms = momentMs(text);
  if (ms === undefined) throw wrongUsage(`${option} "${text}" must be a date such as 2026-11-01, or a time such as 2026-11-01T08:30:00Z.`);
  return ms;
}
