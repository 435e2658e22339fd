import { InMemoryLogServer, type Lease, type Position } from '@torch/log';
import { FakeClock, waitUntil } from '@torch/testing';
import type { Admission } from './client';
import { DurabilityWatch } from './durability-watch';
import { NotDurable } from './durability';

const PARTITION = 2;
const DEADLINE_MS = 5000;

interface World {
  readonly server: InMemoryLogServer;
  readonly watch: DurabilityWatch;
  append(count: number, generation?: number): Promise<void>;
  ask(position: string, admission?: Pick<Admission, 'durability' | 'orLess'>, deadlineMs?: number): Promise<string>;
  archive(seq: number, generation?: number, failing?: string): Promise<void>;
}

async function world(): Promise<World> {
  const server = new InMemoryLogServer();
  const watch = new DurabilityWatch(server.connect(), 1);
  const lease = (await server.leases.acquire(PARTITION, 'scheduler', 'owner', 60_000)) as Lease;
  const keeper = (await server.leases.acquire(PARTITION, 'audit', 'keeper', 60_000)) as Lease;
  let seen: Position = { seq: 0, generation: 0 };
  return {
    server,
    watch,
    append: async (count, generation) => {
      seen = await server.log.head(PARTITION);
      const bodies = Array.from({ length: count }, (_, n) => `{"n":${n}}`);
      await server.log.append({ ...lease, seen, generation: generation ?? seen.generation }, bodies);
    },
    ask: (position, admission = { durability: 'archived' }, deadlineMs = DEADLINE_MS) =>
      watch.reached({ partition: PARTITION, position, admission, deadlineAtMs: Date.now() + deadlineMs }),
    archive: (seq, generation = 0, failing) => server.archived.publish(keeper, { position: { seq, generation }, failing }),
  };
}

/** What has come of each, so far. */
function watched(promises: readonly Promise<string>[]): (string | undefined)[] {
  const results: (string | undefined)[] = promises.map(() => undefined);
  promises.forEach((promise, i) =>
    promise.then(
      (reached) => (results[i] = reached),
      (error: Error) => (results[i] = error.name),
    ),
  );
  return results;
}

describe('an acknowledgement as archived', () => {
  it('comes when the archive has reached the commit, and not before', async () => {
    const { append, ask, archive } = await world();
    await append(5);
    await archive(1);
    const results = watched([ask('3-0'), ask('2-0'), ask('5-0')]);
    await archive(2);
    await waitUntil(() => results[1] !== undefined, { what: 'the second is archived' });
    expect(results).toEqual([undefined, 'archived', undefined]);
    await archive(5);
    await waitUntil(() => results.every((result) => result === 'archived'), { what: 'all are archived' });
  });

  it('comes at once for what is archived already', async () => {
    const { append, ask, archive } = await world();
    await append(3);
    await archive(3);
    expect(await ask('2-0')).toBe('archived');
  });

  it('is refused as soon as the archive says that it does not advance', async () => {
    const { append, ask, archive } = await world();
    await append(3);
    await archive(1);
    const asked = ask('3-0');
    await archive(1, 0, 'The disk is full.');
    await expect(asked).rejects.toThrow(NotDurable);
    await expect(asked).rejects.toThrow(/took effect at 3-0.*The disk is full\..*same idempotency id/s);
    expect(await ask('1-0')).toBe('archived');
  });

  it('is refused at the deadline when nobody archives', async () => {
    const { append, ask } = await world();
    await append(1);
    await expect(ask('1-0', { durability: 'archived' }, 50)).rejects.toThrow(NotDurable);
  });

  it('is given as memory instead, where less is accepted', async () => {
    const { append, ask, archive } = await world();
    await append(2);
    await archive(1, 0, 'The disk is full.');
    expect(await ask('2-0', { durability: 'archived', orLess: true })).toBe('memory');
  });

  it('tells what a recovered log has lost from what it has kept', async () => {
    const { append, ask, archive, server } = await world();
    await append(5);
    await archive(2);
    const results = watched([ask('3-0'), ask('4-0'), ask('5-0')]);
    server.faults.loseTail(PARTITION, 3);
    await append(3, 1); // 4-1, 5-1 and 6-1 in their place.
    await archive(4, 1);
    await waitUntil(() => results.every((result) => result !== undefined), { what: 'all are settled' });
    expect(results).toEqual(['archived', 'lost', 'lost']);
  });

  it('is not missed when what the archive tells is not heard', async () => {
    const { append, ask, server } = await world();
    await append(2);
    const results = watched([ask('2-0')]);
    server.store.partition(PARTITION).archived = { position: { seq: 2, generation: 0 } };
    await waitUntil(() => results[0] === 'archived', { what: 'it is asked for' });
  });

  it('comes at once for what the archive has said to have, though an answer from before comes after that', async () => {
    const { append, ask, archive, server } = await world();
    await append(5);
    await archive(1);
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((over) => (letGo = over));
    let asked = false;
    server.faults.intercept = (operation, phase) => {
      if (operation !== 'archived' || phase !== 'after' || asked) return undefined;
      asked = true;
      return held; // What it answers is how things stand now, and it arrives later.
    };
    const first = ask('5-0');
    await waitUntil(() => asked, { what: 'the archive is asked' });
    await archive(5);
    expect(await first).toBe('archived');
    letGo();
    server.faults.intercept = (operation) => (operation === 'archived' ? new Promise(() => undefined) : undefined);
    await new Promise<void>((over) => setImmediate(over));
    expect(await ask('4-0')).toBe('archived');
  });

  it('leaves nothing behind, and asks for nothing, once nobody waits for it any more', async () => {
    const time = new FakeClock();
    const { nowMs, startTimer } = time;
    const server = new InMemoryLogServer();
    const clock = { nowMs, monotonicMs: nowMs, after: startTimer, soon: (call: () => void) => void setImmediate(call), random: () => 0 };
    const watch = new DurabilityWatch(server, 1, clock);
    const refused = watch.reached({
      partition: PARTITION,
      position: '1-0',
      admission: { durability: 'archived' },
      deadlineAtMs: nowMs() + 1000,
    });
    time.advance(2000);
    await expect(refused).rejects.toThrow(NotDurable);
    expect(time.pending).toBe(0);
  });
});

describe('an acknowledgement as replicated', () => {
  it('is refused where no replica has confirmed it, and says how many there were', async () => {
    const { append, ask } = await world();
    await append(1);
    await expect(ask('1-0', { durability: 'replicated' })).rejects.toThrow(/0 of at least 1 replicas/);
  });

  it('is not given for a commit that the promoted replica does not have', async () => {
    const { append, ask, server } = await world();
    await append(3);
    server.faults.loseTail(PARTITION, 2);
    expect(await ask('3-0', { durability: 'replicated' })).toBe('lost');
  });
});

it('an acknowledgement as memory waits for nobody', async () => {
  const { ask } = await world();
  expect(await ask('9-0', { durability: 'memory' })).toBe('memory');
});
