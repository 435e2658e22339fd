import { type Lease, LogUnavailable } from '@torch/log';
import { waitUntil } from '@torch/testing';
import { SYSTEM_CLOCK } from './host.clock';
import { replayProject } from './replay';
import type { ServiceDefinition } from './service';
import { diaryDecider, diaryService, rollDecider, rollService } from './spec/ledger.fixture';
import { World } from './spec/world.fixture';

describe('a change of owner', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.create();
  });
  afterEach(() => world.end());

  it('comes at once when the owner stops in order', async () => {
    const owner = await world.start(rollService());
    await world.register('ada');
    const standby = await world.start(rollService());
    expect((await standby.readiness()).partitions).toEqual([{ partition: 0, role: 'standby' }]);
    await owner.stop();
    await world.register('bob');
    expect(await world.names()).toEqual(['ada', 'bob']);
    expect((await world.commits()).map(({ epoch }) => epoch)).toEqual([1, 2]);
  });

  it('never lets two owners commit in one epoch, and fences the one that was paused', async () => {
    await world.start(rollService());
    await world.register('ada');
    // The owner's next append is held up for longer than its lease, as by SIGSTOP; its renewals as well.
    let release: () => void = () => undefined;
    const paused = new Promise<void>((resume) => (release = resume));
    let holdUp = true;
    world.server.faults.intercept = async (operation, phase) => {
      if (holdUp && phase === 'before' && (operation === 'append' || operation === 'renew')) await paused;
    };
    const held = world.register('bob', 'held-up');
    await waitUntil(async () => (await world.server.leases.holder(0, 'registry')) === undefined, { what: 'the lease to run out' });
    holdUp = false;
    const standby = await world.start(rollService());
    await waitUntil(async () => (await standby.readiness()).partitions[0]?.role === 'owner', { what: 'the standby to take over' });
    await held;
    release();
    await world.register('cyd');
    expect(await world.names()).toEqual(['ada', 'bob', 'cyd']);
    const epochs = (await world.commits()).map(({ epoch }) => epoch);
    expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
    expect(epochs[0]).toBe(1);
    expect(epochs.slice(1).every((epoch) => epoch > 1)).toBe(true);
  });

  it('asks for its lease before it decides or answers anything: preparing may have taken longer than that', async () => {
    const { leases, faults } = world.server;
    let prepared: () => void = () => undefined;
    const preparing = new Promise<void>((done) => (prepared = done));
    await world.start({ ...rollService(), prepare: () => preparing });
    await waitUntil(async () => (await leases.holder(0, 'registry')) !== undefined, { what: 'the lease to be taken' });
    await leases.release((await leases.holder(0, 'registry')) as Lease); // As if it had run out.
    const another = (await leases.acquire(0, 'registry', 'another', 60_000)) as Lease;
    let standsBy = 0;
    faults.intercept = (operation, phase) => {
      if (operation === 'acquire' && phase === 'before') standsBy++;
    };
    let isAnswered = false;
    const asked = world.names().finally(() => (isAnswered = true));
    prepared();
    await waitUntil(() => standsBy > 0, { what: 'it to stand by again' });
    expect(isAnswered).toBe(false);
    await leases.release(another);
    expect(await asked).toEqual([]);
  });

  it('ends a turn whose append got no answer, when another has decided meanwhile', async () => {
    await world.start(rollService());
    await world.register('ada');
    const { leases, faults } = world.server;
    let release: () => void = () => undefined;
    const heldUp = new Promise<void>((goOn) => (release = goOn));
    let isHeldUp = false;
    faults.intercept = async (operation, phase) => {
      if (operation !== 'acquire' || phase !== 'before' || isHeldUp) return;
      isHeldUp = true; // The owner, which takes a new epoch to find out what has become of its append.
      await heldUp;
    };
    faults.failNext('append', 'before');
    const asked = world.register('bob');
    await waitUntil(() => isHeldUp, { what: 'the append to fail' });
    await leases.release((await leases.holder(0, 'registry')) as Lease); // As if it had run out.
    const another = await world.start(rollService());
    await asked;
    await world.register('cyd');
    await another.stop();
    release();
    await world.register('dan');
    expect(await world.names()).toEqual(['ada', 'bob', 'cyd', 'dan']);
    expect(await world.eventTypes()).toHaveLength(4);
  });

  it('is no matter of repeating an append for the keeper of the gate: it prepares anew, and appends behind an open one', async () => {
    const server = world.server.connect({ gate: 'keeper' });
    let openings = 0;
    const prepare: ServiceDefinition<unknown>['prepare'] = async (lease, readOn) => {
      const { incarnation, state } = await server.gate.state(0);
      await readOn();
      if (state !== 'open') await server.gate.open(lease, incarnation, { head: await server.log.head(0) });
      openings++;
    };
    await world.start({ ...rollService(), prepare }, { server });
    await world.register('ada');
    const gates: string[] = [];
    let isRestarted = false;
    world.server.faults.intercept = async (operation, phase) => {
      if (operation !== 'append') return;
      if (phase === 'after') gates.push((await server.gate.state(0)).state);
      if (phase === 'after' || isRestarted) return;
      isRestarted = true;
      world.server.faults.restart('whole');
      throw new LogUnavailable('The connection was lost.', true);
    };
    await world.register('bob');
    expect([gates, openings]).toEqual([['open'], 2]);
    expect(await world.names()).toEqual(['ada', 'bob']);
  });

  it('starts from a snapshot, and reads only what came after it', async () => {
    const first = await world.start(rollService(), { config: { snapshotEveryCommits: 2 } });
    for (const name of ['a', 'b', 'c', 'd', 'e']) await world.register(name);
    await first.stop();
    let entriesRead = 0;
    const read = world.server.log.read.bind(world.server.log);
    world.server.faults.intercept = (operation, phase) => {
      if (operation === 'read' && phase === 'before') entriesRead++;
    };
    await world.start(rollService());
    expect(await world.names()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(entriesRead).toBeGreaterThan(0);
    expect((await read(0, 0, 10)).length).toBe(5);
  });
});

describe('an instance that reads its way in', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.create();
  });
  afterEach(() => world.end());

  it('goes on from where it was when the log server could not be reached', async () => {
    const before = await world.start(rollService());
    const names = Array.from({ length: 40 }, (_, n) => `n${String(n).padStart(2, '0')}`);
    for (const name of names) await world.register(name);
    await before.stop();
    await world.server.caches.set(0, 'snapshot:registry', '{}');
    const evolved: string[] = [];
    let reads = 0;
    world.server.faults.intercept = (operation, phase) => {
      if (operation === 'read' && phase === 'before' && ++reads === 2) throw new LogUnavailable('cut', false);
    };
    const decider: typeof rollDecider = {
      ...rollDecider,
      evolve: (state, event) => {
        evolved.push(event.type);
        return rollDecider.evolve(state, event);
      },
    };
    await world.start(rollService({ decider }));
    expect(reads).toBeGreaterThan(2);
    expect(evolved).toHaveLength(names.length);
    expect(await world.names()).toEqual(names);
  });
});

describe('an append without an answer', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.create();
  });
  afterEach(() => world.end());

  it.each(['before', 'after'] as const)('has its effect once when the connection is lost %s it took effect', async (phase) => {
    await world.start(rollService());
    await world.register('ada');
    world.server.faults.failNext('append', phase);
    await world.register('bob');
    expect(await world.names()).toEqual(['ada', 'bob']);
    expect(await world.eventTypes()).toEqual(['agent.registered', 'agent.registered']);
  });

  it('waits for a log server that is away, and loses nothing that was accepted', async () => {
    await world.start(rollService());
    await world.register('ada');
    world.server.faults.goAway();
    await expect(world.register('bob')).rejects.toMatchObject({ name: 'LogUnavailable' });
    world.server.faults.comeBack();
    await world.register('cyd');
    expect(await world.names()).toEqual(['ada', 'cyd']);
  });
});

describe('a log that lost its tail', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.create();
  });
  afterEach(() => world.end());

  it('goes on in the next generation, and decides again what is still in the queue', async () => {
    await world.start(rollService());
    for (const name of ['ada', 'bob', 'cyd']) await world.register(name);
    world.server.faults.goAway();
    world.server.faults.loseTail(0, 1);
    world.server.faults.comeBack();
    await waitUntil(async () => (await world.eventTypes()).length === 4, { what: 'the recovery' });
    const [kept, recovered, ...decidedAgain] = await world.commits();
    expect(kept?.position).toEqual({ seq: 1, generation: 0 });
    expect(recovered).toMatchObject({
      position: { seq: 2, generation: 1 },
      events: [{ type: 'log.recovered', data: { firstLostSeq: 2, seenPosition: '3-0' } }],
    });
    expect(decidedAgain.every(({ position }) => position.generation === 1)).toBe(true);
    expect(await world.names()).toEqual(['ada', 'bob', 'cyd']);
  });

  it('is found by an owner whose standby had never seen the tail either', async () => {
    await world.start(rollService());
    await world.register('ada');
    const [before] = await world.server.log.read(0, 0, 1);
    await world.start(diaryService());
    await world.register('bob');
    await waitUntil(async () => (await world.eventTypes()).includes('demand.changed'), { what: 'the reaction' });
    world.server.faults.goAway();
    world.server.faults.loseTail(0, 1);
    world.server.faults.comeBack();
    await waitUntil(async () => (await world.eventTypes()).filter((type) => type === 'demand.changed').length === 2, {
      what: 'both services to rebuild',
    });
    expect((await world.server.log.read(0, 0, 1))[0]).toEqual(before);
    for (const service of ['registry', 'scheduler'] as const) {
      const { digest, ...through } = await world.digest(service);
      const decider = service === 'registry' ? rollDecider : diaryDecider;
      const replayed = await replayProject<unknown>({
        log: world.server.log,
        decider: decider as never,
        service,
        partition: 0,
        project: 'default',
        through,
      });
      expect(replayed.digest).toBe(digest);
    }
  });
});

describe('an owner whose machine is an hour ahead', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.create();
  });
  afterEach(() => world.end());

  it('decides by the same time as the one before', async () => {
    const first = await world.start(rollService());
    await world.register('ada');
    await first.stop();
    await world.start(rollService(), { clock: { ...SYSTEM_CLOCK, nowMs: () => Date.now() + 3_600_000 } });
    await world.command('DeregisterAgent', { agentId: 'ada', reason: 'spec' });
    const [before, after] = (await world.commits()).map(({ recordedAtMs }) => recordedAtMs);
    expect(after).toBeGreaterThanOrEqual(before as number);
    expect(after).toBeLessThan((before as number) + 600_000);
  });
});
