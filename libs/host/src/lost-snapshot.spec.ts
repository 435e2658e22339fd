import { waitUntil } from '@torch/testing';
import { rollService } from './spec/ledger.fixture';
import { World } from './spec/world.fixture';

const NAMES = ['ada', 'bob', 'cem'];

describe('a snapshot of what the log has lost', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.create();
    const owner = await world.start(rollService());
    for (const name of NAMES) await world.register(name);
    await owner.stop();
  });
  afterEach(() => world.end());

  /** Nobody is shown a name that is not in the log: their commands are still in the queue, and decided once more. */
  async function expectEveryNameInTheLog(): Promise<void> {
    await waitUntil(async () => (await world.names()).length === NAMES.length, { what: 'every name' });
    const registered = (await world.commits()).flatMap(({ events }) => events.filter(({ type }) => type === 'agent.registered'));
    expect(registered.map(({ subject }) => subject)).toEqual(NAMES.map((name) => `agent/${name}`));
  }

  it.each([0, 1, 2])('is not used: %i of its commits are left', async (left) => {
    world.server.faults.loseTail(0, left);
    await world.start(rollService());
    await expectEveryNameInTheLog();
  });

  it('is given up when the loss comes between reading it and reading on', async () => {
    const { faults } = world.server;
    faults.intercept = (operation, phase) => {
      if (operation !== 'first' || phase !== 'before') return;
      faults.intercept = undefined;
      faults.loseTail(0, 2);
      faults.restart('whole');
    };
    await world.start(rollService());
    await expectEveryNameInTheLog();
  });
});
