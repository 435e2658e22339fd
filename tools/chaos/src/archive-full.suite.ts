import { waitUntil } from '@torch/testing';
import { checkHistory } from './history.check';
import { Load } from './load';
import { percentile } from './percentile';
import { SmallDisk } from './small-disk';
import type { SuiteOptions, SuiteResult } from './suite';
import { ChaosWorld, PROJECT } from './world';

const CLIENTS = 8;
const FULL_MS_MAX = 120_000;
const RECOVERY_MS_MAX = 60_000;

/**
 * The archive's disk fills up under load: acknowledgements as archived stop, those as memory go on, an alarm is told. Once
 * there is room, they come again, and nothing that was acknowledged is missing. Needs the right to mount a file system.
 */
export async function archiveFull({ rounds, cliPath, progress }: SuiteOptions): Promise<SuiteResult> {
  const disk = SmallDisk.mount();
  const recoveryMs: number[] = [];
  const problems: string[] = [];
  try {
    const world = await ChaosWorld.start(cliPath, { TORCH_ARCHIVE_DIR: disk.path });
    try {
      const load = new Load({
        url: () => world.url,
        token: world.token,
        clients: CLIENTS,
        durability: 'archived',
        stuckMs: 2 * FULL_MS_MAX,
      });
      for (let round = 0; round < rounds; round++) {
        disk.fill();
        await Promise.race([
          waitUntil(async () => (await post(world, 'archived')) === 503, { what: 'a refusal', deadlineMs: FULL_MS_MAX }),
          load.failed(),
        ]);
        const alarm = () => world.logOf('audit').split('"alarm":"archive-failing"').length > round + 1;
        await waitUntil(alarm, { what: 'an alarm', deadlineMs: 10_000 });
        const asMemory = await post(world, 'memory');
        if (asMemory !== 202) problems.push(`With the disk full, a message as memory was answered ${asMemory}.`);
        const madeRoomAtMs = performance.now();
        disk.free();
        await Promise.race([
          waitUntil(() => load.ackedAtMs > madeRoomAtMs, { what: 'an acknowledgement', deadlineMs: RECOVERY_MS_MAX, everyMs: 5 }),
          load.failed(),
        ]);
        recoveryMs.push(load.ackedAtMs - madeRoomAtMs);
        progress(`round ${round + 1} of ${rounds}: acknowledged again ${Math.round(recoveryMs.at(-1) ?? 0)} ms after there was room`);
      }
      await load.stop();
      const { acknowledged, lost, doubled, reordered, problems: found } = checkHistory(load.operations, await world.effects());
      problems.push(...found, ...(await world.integrityProblems()));
      const times = { p50: percentile(recoveryMs, 0.5), p99: percentile(recoveryMs, 0.99) };
      return { rounds, acknowledged, lost, doubled, reordered, recoveryMs: times, problems, ok: problems.length === 0 };
    } finally {
      await world.stop();
    }
  } finally {
    disk.unmount();
  }
}

async function post(world: ChaosWorld, durability: string): Promise<number> {
  const answer = await fetch(`${world.url}/v1/projects/${PROJECT}/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.token}`, 'content-type': 'application/json', 'torch-durability': durability },
    body: JSON.stringify({ to: 'operator', text: 'is anybody there' }),
  });
  await answer.text();
  return answer.status;
}
