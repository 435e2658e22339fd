import { CHECKERS, type Finding, findings } from './checkers/checkers';
import type { FaultName } from './faults/fault-names';
import type { Mutant } from './mutants/mutants';
import { Simulation } from './simulation';

export interface RoundOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly faults?: readonly FaultName[];
  readonly mutant?: Mutant;
  /** While things go wrong, simulated ms. */
  readonly troubleMs?: number;
  /** End with the first seed that breaks a guarantee. */
  readonly stopsAtFirst?: boolean;
  readonly onSeed?: (result: SeedResult) => void;
}

export interface SeedResult {
  readonly seed: number;
  readonly events: number;
  readonly digest: string;
  readonly simulatedMs: number;
  /** On the machine that runs it, ms. */
  readonly tookMs: number;
  readonly findings: readonly Finding[];
}

export interface RoundResult {
  readonly seeds: number;
  readonly events: number;
  readonly simulatedHours: number;
  readonly simulatedHoursPerSecond: number;
  readonly failures: readonly SeedResult[];
}

export async function simulateSeed(options: Pick<RoundOptions, 'faults' | 'mutant' | 'troubleMs'>, seed: number): Promise<SeedResult> {
  const startedAt = performance.now();
  const { account, digest, simulatedMs } = await new Simulation({ ...options, seed }).run();
  const found = await findings(account, CHECKERS);
  return { seed, events: account.events.length, digest, simulatedMs, tookMs: performance.now() - startedAt, findings: found };
}

/** Seeds one after the other, each a world of its own. */
export async function simulateRound(options: RoundOptions): Promise<RoundResult> {
  const { firstSeed, seeds, stopsAtFirst = false, onSeed } = options;
  const failures: SeedResult[] = [];
  const total = { seeds: 0, events: 0, simulatedMs: 0, tookMs: 0 };
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const result = await simulateSeed(options, seed);
    total.seeds++;
    total.events += result.events;
    total.simulatedMs += result.simulatedMs;
    total.tookMs += result.tookMs;
    if (result.findings.length > 0) failures.push(result);
    onSeed?.(result);
    if (stopsAtFirst && failures.length > 0) break;
  }
  const simulatedHours = total.simulatedMs / 3_600_000;
  return {
    seeds: total.seeds,
    events: total.events,
    simulatedHours,
    simulatedHoursPerSecond: simulatedHours / (total.tookMs / 1000),
    failures,
  };
}
