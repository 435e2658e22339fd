import { SERVICE_NAMES, type ServiceName } from '@torch/contracts';
import { SeededRandom, waitUntil } from '@torch/testing';
import { setTimeout as pause } from 'node:timers/promises';
import { checkHistory } from './history.check';
import { Load } from './load';
import { percentile } from './percentile';
import type { SuiteOptions, SuiteResult } from './suite';
import { ChaosWorld } from './world';

const CLIENTS = 8;
const RECOVERY_MS_MAX = 60_000;

/** Kills one service after the other under load; the log server stays as it is. */
export async function serviceKills({ rounds, seed, cliPath, progress }: SuiteOptions): Promise<SuiteResult> {
  const random = new SeededRandom(seed);
  const world = await ChaosWorld.start(cliPath);
  const recoveryMs: number[] = [];
  try {
    const load = new Load({
      url: () => world.url,
      token: world.token,
      clients: CLIENTS,
      durability: 'archived',
      stuckMs: 2 * RECOVERY_MS_MAX,
    });
    try {
      for (let round = 0; round < rounds; round++) {
        await Promise.race([pause(random.int(200, 800)), load.failed()]);
        const victim = SERVICE_NAMES[round % SERVICE_NAMES.length] as ServiceName;
        const killedAtMs = performance.now();
        const pid = world.killService(victim);
        const again = waitUntil(() => load.ackedAtMs > killedAtMs && world.isReady(victim, pid), {
          what: `${victim} to be there again`,
          deadlineMs: RECOVERY_MS_MAX,
          everyMs: 20,
        });
        await Promise.race([again, load.failed()]);
        recoveryMs.push(performance.now() - killedAtMs);
        progress(`round ${round + 1} of ${rounds}: ${victim}, there again after ${Math.round(recoveryMs.at(-1) ?? 0)} ms`);
      }
    } finally {
      await load.stop().catch(() => undefined); // Said by `failed`.
    }
    const { acknowledged, lost, doubled, reordered, problems: found } = checkHistory(load.operations, await world.effects());
    const problems = [...found, ...(await world.integrityProblems())];
    const times = { p50: percentile(recoveryMs, 0.5), p99: percentile(recoveryMs, 0.99) };
    return { rounds, acknowledged, lost, doubled, reordered, recoveryMs: times, problems, ok: problems.length === 0 };
  } finally {
    await world.stop();
  }
}
