import type { Decider, NewEvent } from '@torch/kernel';
import { COMMIT_BYTES_MAX } from '@torch/log';
import { waitUntil } from '@torch/testing';
import { HOST_DEFAULTS } from './host.config';
import type { ServiceDefinition } from './service';
import { type Roll, rollDecider, rollService } from './spec/ledger.fixture';
import { World } from './spec/world.fixture';

const REASON = 'x'.repeat(1000);
const gone = (agentId: string): NewEvent => ({
  type: 'agent.deregistered',
  subject: `agent/${agentId}`,
  data: { agentId, reason: REASON, deregisteredAtMs: 1 },
});

/** Whoever is called `many` leads to so many further events, in answers of so many. */
interface Piled extends Roll {
  left: number;
  answers: number;
}

function piling(total: number, perAnswer: number): Decider<Piled> {
  const base = rollDecider as unknown as Decider<Piled>;
  return {
    ...base,
    initialState: () => ({ names: [], left: 0, answers: 0 }),
    evolve: (state, event) => {
      base.evolve(state, event);
      const { agentId } = event.data as { agentId: string };
      if (agentId === 'many') state.left = total;
      if (agentId === 'piled') state.left--;
      return state;
    },
    settle: (state) => {
      state.answers++;
      return Array.from({ length: Math.min(perAnswer, state.left) }, () => gone('piled'));
    },
    snapshot: { version: 1, encode: ({ names, left }) => ({ names, left }), decode: (encoded) => ({ ...(encoded as Piled), answers: 0 }) },
  };
}

const service = (decider: Decider<Piled>): ServiceDefinition<Piled> => ({
  ...(rollService() as unknown as ServiceDefinition<Piled>),
  decider,
});

let world: World;
beforeEach(async () => {
  world = await World.create();
});
afterEach(() => world.end());

const bytesOfEach = async (): Promise<number[]> => (await world.server.log.read(0, 0, 100_000)).map(({ body }) => Buffer.byteLength(body));
/** Counts what is new in the log only: looking must not be what the owner waits for. */
async function piledUp(total: number): Promise<void> {
  const { entries } = world.server.store.partition(0);
  let counted = 0;
  let piled = 0;
  const all = (): boolean => {
    for (; counted < entries.length; counted++) piled += (entries[counted]?.body.split('"type":"agent.deregistered"').length ?? 1) - 1;
    return piled === total;
  };
  await waitUntil(all, { what: 'all that follows', deadlineMs: 20_000 });
}
const seqOf = async (agentId: string): Promise<number> =>
  (await world.commits()).find(({ events }) => events.some(({ data }) => (data as { agentId: string }).agentId === agentId))?.position
    .seq ?? -1;

describe('a turn', () => {
  it.each([
    ['in one answer', 8000],
    ['in many answers', 100],
  ])('cuts what settling says into commits, and lets others be decided in between (%s)', async (_how, perAnswer) => {
    await world.start(service(piling(8000, perAnswer)), { config: { turnBytesMax: 256 * 1024 } });
    const { faults, store } = world.server;
    const queued = () => store.partition(0).queues.get('registry')?.length ?? 0;
    let appends = 0;
    let asked: Promise<string> | undefined;
    faults.intercept = async (operation, phase) => {
      if (operation !== 'append' || phase !== 'before' || ++appends !== 3) return;
      const before = queued();
      asked = world.register('zoe', undefined, 'other');
      await waitUntil(() => queued() > before, { what: 'the command to be queued' });
    };
    await world.register('many');
    await piledUp(8000);
    await asked;
    expect(Math.max(...(await bytesOfEach()))).toBeLessThanOrEqual(COMMIT_BYTES_MAX);
    const { seq } = await world.server.log.head(0);
    expect(await seqOf('zoe')).toBeLessThan(seq); // Decided before the other project has come to rest.
  });

  it('makes no more than it may in bytes, whatever it has to say', async () => {
    const { server } = world;
    let largest = 0;
    let last = 0;
    server.faults.intercept = (operation, phase) => {
      if (operation !== 'append' || phase !== 'after') return;
      const { entries } = server.store.partition(0);
      largest = Math.max(
        largest,
        entries.slice(last).reduce((sum, { body }) => sum + Buffer.byteLength(body), 0),
      );
      last = entries.length;
    };
    await world.start(service(piling(4000, 4000)));
    await world.register('many');
    await piledUp(4000);
    expect(largest).toBeGreaterThan(0);
    expect(largest).toBeLessThan(HOST_DEFAULTS.turnBytesMax + COMMIT_BYTES_MAX);
  });

  it('comes to the same state in a replay, wherever it was cut', async () => {
    await world.start(service(piling(3000, 3000)));
    await world.register('many');
    await piledUp(3000);
    await world.hosts[0]?.stop();
    world.server.store.partition(0).caches.clear();
    await world.start(service(piling(3000, 3000)));
    await world.register('zoe');
    expect((await world.eventTypes()).filter((type) => type === 'agent.deregistered')).toHaveLength(3000);
  });

  it('keeps the lease while it takes much longer than that', async () => {
    const config = { leaseMs: 1000, renewEveryMs: 100, turnMsMax: 60_000, turnBytesMax: 60 * 1024 * 1024 };
    const slow = piling(25_000, 25_000);
    const host = await world.start(service(slow), { config });
    void world.register('many').catch(() => undefined);
    await piledUp(25_000);
    expect(world.server.store.partition(0).epochs.get('registry')).toBe(1);
    expect((await host.readiness()).partitions).toEqual([{ partition: 0, role: 'owner' }]);
  });
});

describe('an owner that is to stop', () => {
  it('does so while the log server is away, in the middle of an append', async () => {
    const host = await world.start(rollService());
    await world.register('ada');
    let isFirst = true;
    world.server.faults.intercept = (operation, phase) => {
      if (operation === 'append' && phase === 'before' && isFirst) {
        isFirst = false;
        world.server.faults.goAway();
      }
    };
    const asked = world.register('bob').catch(() => undefined);
    await waitUntil(() => !isFirst, { what: 'the log server to be away' });
    await host.stop(); // It would not end before the log server is back.
    world.server.faults.comeBack();
    await world.start(rollService());
    await asked;
    await world.register('cyd');
    expect(await world.names()).toEqual(expect.arrayContaining(['ada', 'cyd']));
  });
});
