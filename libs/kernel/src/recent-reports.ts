/** Bounds of what is remembered of reports, and so of what they may add to the log. */
export interface ReportLimits {
  /** Reports of one reporter that are recorded within a window. */
  readonly perReporterMax: number;
  /** From a reporter's first report on, ms. Then it may report as much again. */
  readonly windowMs: number;
  /** Reporters that are remembered; the one whose window began first is forgotten first. */
  readonly reportersMax: number;
}

/** `again`: recorded already. `too-many`: the reporter has used its window up. */
export type ReportVerdict = 'new' | 'again' | 'too-many';

export type EncodedReports = readonly (readonly [reporter: string, sinceMs: number, reports: readonly string[]])[];

interface Window {
  readonly sinceMs: number;
  readonly reports: Set<string>;
}

/**
 * What was reported lately about things that nothing else in a state knows of: repeats change nothing, and nobody fills the
 * log with reports. Part of a decider's state: `judge` when deciding, `note` when evolving.
 */
export class RecentReports {
  private readonly windows = new Map<string, Window>();

  constructor(private readonly limits: ReportLimits) {}

  judge(reporter: string, report: string, nowMs: number): ReportVerdict {
    const window = this.windowOf(reporter, nowMs);
    if (!window) return 'new';
    if (window.reports.has(report)) return 'again';
    return window.reports.size < this.limits.perReporterMax ? 'new' : 'too-many';
  }

  note(reporter: string, report: string, atMs: number): void {
    const window = this.windowOf(reporter, atMs);
    if (window) {
      window.reports.add(report);
      return;
    }
    this.windows.delete(reporter);
    this.windows.set(reporter, { sinceMs: atMs, reports: new Set([report]) });
    if (this.windows.size > this.limits.reportersMax) this.windows.delete(this.windows.keys().next().value as string);
  }

  /** In the order in which they are forgotten. */
  encode(): EncodedReports {
    return [...this.windows].map(([reporter, { sinceMs, reports }]) => [reporter, sinceMs, [...reports]]);
  }

  static decode(limits: ReportLimits, encoded: EncodedReports): RecentReports {
    const decoded = new RecentReports(limits);
    for (const [reporter, sinceMs, reports] of encoded) decoded.windows.set(reporter, { sinceMs, reports: new Set(reports) });
    return decoded;
  }

  private windowOf(reporter: string, atMs: number): Window | undefined {
    const window = this.windows.get(reporter);
    return window && atMs < window.sinceMs + this.limits.windowMs ? window : undefined;
  }
}
