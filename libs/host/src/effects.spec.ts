import { waitUntil } from '@torch/testing';
import { rollService } from './spec/ledger.fixture';
import { World } from './spec/world.fixture';
import type { EffectContext, PlacedEvent, ServiceDefinition } from './service';
import type { Roll } from './spec/ledger.fixture';

describe('an effect', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.create();
  });
  afterEach(() => world.end());

  const withEffect = (act: (event: PlacedEvent, context: EffectContext<Roll>) => Promise<void>): ServiceDefinition<Roll> =>
    rollService({ effects: new Map([['agent.registered', act]]) });

  it('follows each event that is in the log, in order, and not again under the next owner', async () => {
    const done: string[] = [];
    const act = async ({ id }: PlacedEvent): Promise<void> => void done.push(id);
    const first = await world.start(withEffect(act));
    await world.register('ada');
    await world.register('bob');
    await waitUntil(() => done.length === 2, { what: 'two effects' });
    await first.stop();
    await world.start(withEffect(act));
    await world.register('cyd');
    await waitUntil(() => done.length >= 3, { what: 'the third effect' });
    expect(done).toEqual(['0/1-0/0', '0/2-0/0', '0/3-0/0']);
  });

  it('reports its outcome as a command that belongs to the same work', async () => {
    await world.start(
      withEffect(async (event, { submit }) =>
        submit({ type: 'DeregisterAgent', data: { agentId: (event.data as { agentId: string }).agentId, reason: 'effect' } }),
      ),
    );
    await world.register('ada');
    await waitUntil(async () => (await world.names()).length === 0, { what: 'the outcome' });
    const [registered, deregistered] = (await world.commits()).flatMap(({ events }) => events);
    expect(deregistered).toMatchObject({ type: 'agent.deregistered', actor: 'service:registry', correlationId: registered?.correlationId });
  });

  it('is tried again when it fails, and given up after its attempts so that the next one has its turn', async () => {
    const attempts: string[] = [];
    await world.start(
      withEffect(async ({ subject }) => {
        attempts.push(subject);
        if (subject === 'agent/ada') throw new Error('spec');
      }),
      { config: { effectAttemptsMax: 3 } },
    );
    await world.register('ada');
    await world.register('bob');
    await waitUntil(() => attempts.includes('agent/bob'), { what: 'the second effect' });
    expect(attempts).toEqual(['agent/ada', 'agent/ada', 'agent/ada', 'agent/bob']);
  });

  it('follows what takes the place of a lost tail under the next owner, though its own place was beyond', async () => {
    const done: string[] = [];
    const act = async ({ id }: PlacedEvent): Promise<void> => void done.push(id);
    const first = await world.start(withEffect(act));
    for (const name of ['ada', 'bob', 'cyd']) await world.register(name);
    await waitUntil(() => done.length === 3, { what: 'three effects' });
    await first.stop();
    world.server.faults.goAway();
    world.server.faults.loseTail(0, 1);
    world.server.faults.comeBack();
    await world.start(withEffect(act));
    await world.register('dan');
    await waitUntil(() => done.length >= 4, { what: 'the effect of what came then' });
    const { position } = (await world.commits())[1] ?? {};
    expect(done[3]).toBe(`0/${position?.seq}-${position?.generation}/0`);
  });

  it('follows again what was decided anew after the log had lost its tail', async () => {
    const done: string[] = [];
    await world.start(withEffect(async ({ id }) => void done.push(id)));
    for (const name of ['ada', 'bob', 'cyd']) await world.register(name);
    await waitUntil(() => done.length === 3, { what: 'three effects' });
    world.server.faults.goAway();
    world.server.faults.loseTail(0, 1);
    world.server.faults.comeBack();
    await waitUntil(() => done.some((id) => id.includes('-1/')), { what: 'an effect in the next generation' });
    expect(done.slice(0, 3)).toEqual(['0/1-0/0', '0/2-0/0', '0/3-0/0']);
    expect(done.filter((id) => id.startsWith('0/1-0'))).toHaveLength(1);
  });
});
