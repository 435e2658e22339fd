import { SeededRandom, waitUntil } from '@torch/testing';
import { setTimeout as pause } from 'node:timers/promises';
import { checkHistory } from './history.check';
import { Load } from './load';
import type { SuiteOptions, SuiteResult } from './suite';
import { percentile } from './percentile';
import { ChaosWorld } from './world';

/**
 * What happens to a log server that keeps nothing by itself. `empty`: it comes back empty. `old-snapshot`: with what it had
 * some time before. `lagging-replica`: a replica takes over that had not got everything. `audit-killed`: empty, and the
 * archive's keeper is killed with it. `torn-archive`: empty, the keeper is killed, and what it was writing is torn.
 */
export const LOSSES = ['empty', 'old-snapshot', 'lagging-replica', 'audit-killed', 'torn-archive'] as const;
export type Loss = (typeof LOSSES)[number];

const CLIENTS = 8;
/** Load before each fault, ms. */
const UNDISTURBED_MS = { min: 50, max: 600 };
const RECOVERY_MS_MAX = 60_000;
/** Acknowledged as `memory`, an effect may be lost when it is younger than this at the fault: what the archive lags behind. */
const LAG_MS_MAX = 2000;

export interface LogLossOptions extends SuiteOptions {
  /** One of them each round, in turn. */
  readonly losses: readonly Loss[];
  readonly durability: 'memory' | 'archived';
}

/** Kills the log server under load at random moments, and compares what clients were told with what the log holds afterwards. */
export async function logLoss(options: LogLossOptions): Promise<SuiteResult> {
  const { rounds, seed, durability, losses, progress } = options;
  const random = new SeededRandom(seed);
  const world = await ChaosWorld.start(options.cliPath);
  const recoveryMs: number[] = [];
  const faultsAtMs: number[] = [];
  try {
    const load = new Load({ url: () => world.url, token: world.token, clients: CLIENTS, durability, stuckMs: 2 * RECOVERY_MS_MAX });
    try {
      for (let round = 0; round < rounds; round++) {
        await Promise.race([pause(random.int(UNDISTURBED_MS.min, UNDISTURBED_MS.max)), load.failed()]);
        const loss = losses[round % losses.length] as Loss;
        faultsAtMs.push(performance.now());
        recoveryMs.push(await Promise.race([fault(world, load, loss, random), load.failed()]));
        progress(`round ${round + 1} of ${rounds}: ${loss}, acknowledged again after ${Math.round(recoveryMs.at(-1) ?? 0)} ms`);
      }
    } finally {
      await load.stop().catch(() => undefined); // Said by `failed`.
    }
    const verdict = checkHistory(load.operations, await world.effects());
    const ages = verdict.lostOperations.map(({ ackedAtMs }) =>
      Math.min(...faultsAtMs.map((at) => (at >= ackedAtMs ? at - ackedAtMs : Infinity))),
    );
    const problems = await world.integrityProblems();
    if (durability === 'archived') problems.unshift(...verdict.problems);
    else problems.unshift(...unbounded(ages));
    return {
      rounds,
      acknowledged: verdict.acknowledged,
      lost: verdict.lost,
      doubled: verdict.doubled,
      reordered: verdict.reordered,
      recoveryMs: { p50: percentile(recoveryMs, 0.5), p99: percentile(recoveryMs, 0.99) },
      ...(durability === 'memory' && { lostAgeMsMax: Math.round(Math.max(0, ...ages)) }),
      problems,
      ok: problems.length === 0,
    };
  } finally {
    await world.stop();
  }
}

/** @returns the time from the kill to the next acknowledgement, ms. */
async function fault(world: ChaosWorld, load: Load, loss: Loss, random: SeededRandom): Promise<number> {
  if (loss === 'old-snapshot') await world.saveSnapshot();
  const replica = loss === 'lagging-replica' ? await world.laggingReplica() : undefined;
  if (loss === 'old-snapshot' || replica) await pause(random.int(UNDISTURBED_MS.min, UNDISTURBED_MS.max));
  const startedAtMs = performance.now();
  if (replica) await world.failOverTo(replica);
  else await world.logServer.kill();
  if (loss === 'audit-killed' || loss === 'torn-archive') world.killService('audit');
  if (loss === 'torn-archive') world.tearArchive(random);
  if (!replica) await world.logServer.restart(loss === 'old-snapshot' ? 'kept' : 'empty');
  const restartedAtMs = performance.now();
  await waitUntil(() => load.ackedAtMs > restartedAtMs, { what: 'an acknowledgement', deadlineMs: RECOVERY_MS_MAX, everyMs: 5 });
  return load.ackedAtMs - startedAtMs;
}

function unbounded(lostAgesMs: readonly number[]): string[] {
  const older = lostAgesMs.filter((age) => age > LAG_MS_MAX);
  return older.length === 0
    ? []
    : [`${older.length} effects were lost that had been acknowledged more than ${LAG_MS_MAX} ms before the fault.`];
}
