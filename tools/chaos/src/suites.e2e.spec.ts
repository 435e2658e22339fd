import { resolve } from 'node:path';
import { waitUntil } from '@torch/testing';
import { archiveFull } from './archive-full.suite';
import { Load } from './load';
import { LOSSES, logLoss } from './log-loss.suite';
import { serviceKills } from './service-kills.suite';
import { SmallDisk } from './small-disk';
import type { SuiteOptions } from './suite';
import { ChaosWorld, PROJECT } from './world';

const SEED = Number(process.env.TORCH_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

const options = (rounds: number): SuiteOptions => ({
  rounds,
  seed: SEED,
  cliPath: resolve(__dirname, '../../../dist/apps/cli/main.js'),
  progress: (line) => console.log(line),
});
/** With `npm run test:long`; `npm run chaos` has many rounds of each. */
const long = process.env.TORCH_TEST_LONG ? it : it.skip;
const NOTHING_WRONG = { lost: 0, doubled: 0, reordered: 0, problems: [], ok: true };

const post = (world: ChaosWorld): Promise<Response> =>
  fetch(`${world.url}/v1/projects/${PROJECT}/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ to: 'operator', text: 'is anybody there' }),
  });

describe(`under load, with seed ${SEED} (TORCH_TEST_SEED)`, () => {
  it('nothing that was acknowledged as archived is lost, doubled or reordered, whatever the log server comes back with', async () => {
    const result = await logLoss({ ...options(LOSSES.length), losses: LOSSES, durability: 'archived' });
    expect(result).toMatchObject(NOTHING_WRONG);
    expect(result.acknowledged).toBeGreaterThan(0);
  }, 240_000);

  it('what was acknowledged as memory is lost only when it is younger than the archive lags', async () => {
    const result = await logLoss({ ...options(1), losses: ['empty'], durability: 'memory' });
    expect(result).toMatchObject({ doubled: 0, problems: [], ok: true });
    expect(result.acknowledged).toBeGreaterThan(0);
  }, 120_000);

  it('a log server with another history is refused with the first position that differs, and an empty one is restored', async () => {
    const world = await ChaosWorld.start(options(0).cliPath);
    try {
      const load = new Load({ url: () => world.url, token: world.token, clients: 2, durability: 'archived', stuckMs: 60_000 });
      await waitUntil(() => load.operations.length >= 10, { what: 'ten acknowledgements', deadlineMs: 20_000 });
      await load.stop();
      const before = await world.effects();
      await world.fork(4);
      const refused = /They differ first at 4-0: The log has other content there\./;
      await waitUntil(() => refused.test(world.logOf('audit')), { what: 'the fork to be refused', deadlineMs: 20_000 });
      expect((await post(world)).status).toBe(503);
      await world.logServer.restart('empty');
      await waitUntil(async () => (await post(world)).ok, { what: 'an acknowledgement', deadlineMs: 30_000, everyMs: 100 });
      expect((await world.effects()).slice(0, before.length)).toEqual(before);
      expect(await world.integrityProblems()).toEqual([]);
    } finally {
      await world.stop();
    }
  }, 120_000);

  // Mounting takes rights that not everybody has who runs the tests.
  (SmallDisk.isPossible() ? long : it.skip)(
    'nothing acknowledged is lost when the disk of the archive is full, and an alarm says so',
    async () => {
      const result = await archiveFull(options(1));
      expect(result).toMatchObject(NOTHING_WRONG);
      expect(result.acknowledged).toBeGreaterThan(0);
    },
    240_000,
  );

  it('nothing is lost, doubled or reordered when services are killed', async () => {
    const result = await serviceKills(options(2));
    expect(result).toMatchObject(NOTHING_WRONG);
    expect(result.acknowledged).toBeGreaterThan(0);
  }, 120_000);
});
