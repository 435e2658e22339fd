export interface SuiteOptions {
  readonly rounds: number;
  readonly seed: number;
  /** The built `torch` command. */
  readonly cliPath: string;
  readonly progress: (line: string) => void;
}

/** What came of a suite. Times in ms. */
export interface SuiteResult {
  readonly rounds: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly doubled: number;
  readonly reordered: number;
  readonly recoveryMs: { readonly p50: number; readonly p99: number };
  /** At `memory`: how long before a fault the oldest of what was lost had been acknowledged. */
  readonly lostAgeMsMax?: number;
  /** In words, whatever did not hold. */
  readonly problems: readonly string[];
  readonly ok: boolean;
}

export interface Suite {
  readonly name: string;
  readonly what: string;
  readonly rounds: number;
  run(options: SuiteOptions): Promise<SuiteResult>;
}
