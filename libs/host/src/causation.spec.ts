import type { AnyEvent } from '@torch/kernel';
import { waitUntil } from '@torch/testing';
import { diaryDecider, diaryService, rollService } from './spec/ledger.fixture';
import { World } from './spec/world.fixture';

describe('the causation id of an event', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.create();
  });
  afterEach(() => world.end());

  /** The causation ids of the demand for this role, once there are so many. */
  const causesOf = async (role: string, count = 1): Promise<(string | undefined)[]> => {
    const found = async (): Promise<AnyEvent[]> =>
      (await world.commits()).flatMap(({ events }) => events).filter(({ subject }) => subject === `demand/${role}`);
    await waitUntil(async () => (await found()).length >= count, { what: `${count} events of ${role}` });
    return (await found()).map(({ causationId }) => causationId);
  };

  /** Says once, when its turn ends, that somebody came. */
  const settlingDiary = diaryService({
    reactions: new Map(),
    decider: {
      ...diaryDecider,
      settle: ({ lines }, { nowMs }) =>
        lines.length > 0 && !lines.at(-1)?.startsWith('settled')
          ? [
              {
                type: 'demand.changed',
                subject: 'demand/settled',
                data: { role: 'settled', skills: [], waiting: lines.length, fittingAgents: 0, changedAtMs: nowMs },
              },
            ]
          : [],
    },
  });

  it('is the idempotency id of the command', async () => {
    await world.start(rollService());
    await world.register('ada', 'mine');
    expect((await world.commits())[0]?.events[0]).toMatchObject({ type: 'agent.registered', causationId: 'mine' });
  });

  it('is the id of the event that a service reacted to, though it passed over others in the same commit', async () => {
    await world.start(
      rollService({
        handleCommand: (command, turn) => {
          // One commit with two events, of which the diary takes in the second alone.
          turn.decide({ ...command, data: { ...(command.data as object), agentId: 'gone' } });
          turn.decide({ ...command, type: 'DeregisterAgent', data: { agentId: 'gone' } });
          return turn.decide(command);
        },
      }),
    );
    const { reactions } = diaryService();
    await world.start(
      diaryService({
        reactions: new Map(
          [...reactions].map(([type, react]) => [type, (event, turn) => (event.subject === 'agent/ada' ? react(event, turn) : [])]),
        ),
      }),
    );
    await world.register('ada');
    expect(await causesOf('released')).toEqual(['0/1-0/2']);
  });

  it('is the timer whose time had come', async () => {
    await world.start(diaryService());
    await world.command('CancelRun', { runId: 'r', reason: 'spec' });
    const [cause] = await causesOf('timer');
    const noted = (await world.commits()).flatMap(({ events }) => events).find(({ subject }) => subject === 'demand/noted');
    expect(cause).toBe(`timer:${(noted?.data as { changedAtMs: number }).changedAtMs + 20}`);
  });

  it('is the effect’s own event for what the effect reports', async () => {
    await world.start(
      rollService({
        effects: new Map([
          [
            'agent.registered',
            async (event, { submit }) => submit({ type: 'DeregisterAgent', data: { ...(event.data as object), reason: 'spec' } }),
          ],
        ]),
      }),
    );
    await world.register('ada');
    await waitUntil(async () => (await world.eventTypes()).length === 2, { what: 'the outcome' });
    expect((await world.commits())[1]?.events[0]).toMatchObject({ type: 'agent.deregistered', causationId: '0/1-0/0' });
  });

  it('is, for what settles at the end of a turn, the one thing that touched the project', async () => {
    await world.start(rollService());
    await world.start(settlingDiary);
    await world.register('ada');
    expect(await causesOf('settled')).toEqual(['0/1-0/0']);
  });

  it('is absent for what settles after several things touched the project', async () => {
    await world.start(rollService());
    await world.register('ada');
    await world.register('bob');
    await world.start(settlingDiary);
    expect(await causesOf('settled')).toEqual([undefined]);
  });
});
