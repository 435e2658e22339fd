import { CHECKERS, type Finding, findings } from './checkers/checkers';
import type { FaultName } from './faults/fault-names';
import { Simulation, type SimulationOptions } from './simulation';

export interface SeedResult {
  readonly seed: number;
  readonly events: number;
  readonly digest: string;
  readonly simulatedMs: number;
  /** What went wrong in this world. */
  readonly faults: readonly FaultName[];
  readonly findings: readonly Finding[];
}

/** Makes the world of one seed and checks it. */
export type SimulateSeed = (seed: number) => Promise<SeedResult>;

export interface RoundOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  /** As many worlds are made at a time. */
  readonly lanes: readonly SimulateSeed[];
  /** Hears of each seed as soon as it is done, in any order. */
  readonly onSeed?: (result: SeedResult) => void;
  /** No further seed is begun behind one of which this is true. */
  readonly isEnough?: (result: SeedResult) => boolean;
}

export interface RoundResult {
  readonly seeds: number;
  readonly events: number;
  readonly simulatedHours: number;
  readonly simulatedHoursPerSecond: number;
  /** By seed. */
  readonly worlds: readonly SeedResult[];
}

export const failuresOf = ({ worlds }: RoundResult): readonly SeedResult[] => worlds.filter(({ findings }) => findings.length > 0);

export async function simulateSeed(options: SimulationOptions): Promise<SeedResult> {
  const { account, digest, simulatedMs } = await new Simulation(options).run();
  const found = await findings(account, CHECKERS);
  const { events, history } = account;
  return { seed: options.seed, events: events.length, digest, simulatedMs, faults: [...history.faults], findings: found };
}

/** Seeds one after the other in each lane, each a world of its own. */
export async function simulateRound({ firstSeed, seeds, lanes, onSeed, isEnough }: RoundOptions): Promise<RoundResult> {
  const startedAt = performance.now();
  const worlds: SeedResult[] = [];
  let next = firstSeed;
  let last = firstSeed + seeds - 1;
  const fill = async (simulate: SimulateSeed): Promise<void> => {
    while (next <= last) {
      const result = await simulate(next++);
      worlds.push(result);
      onSeed?.(result);
      if (isEnough?.(result)) last = next - 1;
    }
  };
  await Promise.all(lanes.map(fill));
  const simulatedHours = worlds.reduce((sum, { simulatedMs }) => sum + simulatedMs, 0) / 3_600_000;
  return {
    seeds: worlds.length,
    events: worlds.reduce((sum, { events }) => sum + events, 0),
    simulatedHours,
    simulatedHoursPerSecond: simulatedHours / ((performance.now() - startedAt) / 1000),
    worlds: worlds.sort((a, b) => a.seed - b.seed),
  };
}
