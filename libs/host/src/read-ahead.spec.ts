import { waitUntil } from '@torch/testing';
import { diaryService, rollService } from './spec/ledger.fixture';
import { World } from './spec/world.fixture';

/** Nothing but a command makes the owner read the log. */
const NEVER_MS = 3_600_000;

describe('what an owner reads while its commits are on their way', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.create();
  });
  afterEach(() => world.end());

  const note = (reason: string): Promise<string> => world.command('CancelRun', { runId: 'r', reason }, reason);

  /** How many lines the diary had when each note was decided. */
  async function linesBefore(): Promise<number[]> {
    const events = (await world.commits()).flatMap((commit) => commit.events);
    const demands = events.filter(({ type }) => type === 'demand.changed').map(({ data }) => data as { role: string; waiting: number });
    return demands.filter(({ role }) => role === 'noted').map(({ waiting }) => waiting);
  }

  /** Once the first commit is appended, the next reading of commands waits. @returns how to let it go on. */
  async function holdReadingAhead(): Promise<() => Promise<void>> {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resume) => (release = resume));
    let isAppending = false;
    const begun = new Promise<void>((reached) => {
      world.server.faults.intercept = async (operation, phase) => {
        if (operation === 'append') isAppending = true;
        if (operation !== 'readCommands' || phase !== 'before' || !isAppending) return;
        world.server.faults.intercept = undefined;
        reached();
        await released;
      };
    });
    const first = note('first');
    await begun;
    await waitUntil(async () => (await linesBefore()).length === 1, { what: 'the first note to be in the log' });
    return async () => {
      release();
      await first;
    };
  }

  const queued = async (): Promise<number> => (await world.server.commands.read(0, 'scheduler', '0-0', 100)).length;

  it('is decided behind everything that was in the log when it was sent', async () => {
    await world.start(rollService());
    await world.start(diaryService(), { config: { logGatherMs: NEVER_MS } });
    const release = await holdReadingAhead();
    await world.register('ada');
    const before = await queued();
    const second = note('second');
    await waitUntil(async () => (await queued()) > before, { what: 'the second note to wait in the queue' });
    await release();
    await second;
    expect(await linesBefore()).toEqual([0, 3]); // The first note, that Ada has come, and what followed from it.
  });

  it('is read again when reading ahead fails, and the commit is answered all the same', async () => {
    await world.start(diaryService());
    const release = await holdReadingAhead();
    world.server.faults.failNext('readCommands', 'before');
    const second = note('second');
    await release();
    await second;
    expect(await linesBefore()).toHaveLength(2);
  });
});
