import { FIRST_ENTRY_ID, formatPosition, InMemoryLogServer, type Lease, type LogServer, type Position, START } from '@torch/log';
import { startLogServer, type TestLogServer } from '@torch/testing';
import fc from 'fast-check';
import { openSubject } from './testing/log-server-subject';

const RUNS = 40;
const STEPS_MAX = 60;
const PARTITION = 1;
const LEASE_MS = 600_000;
const ENTRIES_MAX = 4;

/** One log server, and what its users have come to know. Both servers are given the same steps. */
interface World {
  readonly server: LogServer;
  readonly loseTail: (lastSeq: number) => Promise<void>;
  readonly leases: Lease[];
  readonly seen: Position[];
  /** Ids of command entries are the server's own; steps name them by their place. */
  readonly entryIds: string[];
}

/** Does one thing, and tells what came of it in a form that is the same for both. */
interface Step {
  readonly name: string;
  readonly run: (world: World) => Promise<unknown>;
}

const service = fc.constantFrom('scheduler', 'registry');
const holder = fc.constantFrom('a', 'b', 'c|1');
const small = fc.nat({ max: 12 });
const bodies = fc.array(fc.string({ maxLength: 8 }), { maxLength: 3 });

/** Any of a list; undefined of an empty one. */
const any = <T>(list: readonly T[], n: number): T | undefined => list[n % Math.max(list.length, 1)];
/** One of the last `count`, so that most steps are about what is current. */
const recent = <T>(list: readonly T[], n: number, count: number): T | undefined => any(list.slice(-count), n);

async function append({ server, leases, seen }: World, [who, saw, ahead, texts]: [number, number, number, string[]]): Promise<unknown> {
  const lease = recent(leases, who, 3);
  const position = recent(seen, saw, 4) ?? START;
  if (!lease) return 'no lease was ever given';
  const first = await server.log.append({ ...lease, seen: position, generation: position.generation + ahead }, texts);
  texts.forEach((_, n) => seen.push({ seq: first.seq + n, generation: first.generation }));
  return formatPosition(first);
}

async function acquire({ server, leases }: World, [name, who]: [string, string]): Promise<unknown> {
  const lease = await server.leases.acquire(PARTITION, name, who, LEASE_MS);
  if (lease) leases.push(lease);
  return lease;
}

async function withLease({ leases }: World, n: number, run: (lease: Lease) => Promise<unknown>): Promise<unknown> {
  const lease = recent(leases, n, 4);
  return lease && run(lease);
}

async function readCommands({ server, entryIds }: World, [after, limit]: [number, number]): Promise<unknown> {
  const entries = await server.commands.read(PARTITION, 'scheduler', any(entryIds, after) ?? FIRST_ENTRY_ID, limit + 1);
  for (const { id } of entries) if (!entryIds.includes(id)) entryIds.push(id);
  return entries.map(({ body }) => body);
}

/** How often a kind of step comes, what it is made with, and what it does. */
function kind<T>(weight: number, name: string, made: fc.Arbitrary<T>, run: (world: World, made: T) => Promise<unknown>) {
  const step = (value: T): Step => ({ name: `${name} ${JSON.stringify(value)}`, run: (world) => run(world, value) });
  return { weight, arbitrary: made.map(step) };
}

const step = fc.oneof(
  kind(4, 'acquire', fc.tuple(service, holder), acquire),
  kind(1, 'release', small, (world, n) => withLease(world, n, (lease) => world.server.leases.release(lease))),
  kind(1, 'renew', small, (world, n) => withLease(world, n, (lease) => world.server.leases.renew(lease, LEASE_MS))),
  kind(1, 'holder', service, ({ server }, name) => server.leases.holder(PARTITION, name)),
  kind(12, 'append', fc.tuple(small, small, fc.constantFrom(0, 0, 0, 0, 1), bodies), append),
  kind(4, 'read', fc.tuple(small, small), ({ server }, [after, limit]) => server.log.read(PARTITION, after, limit + 1)),
  kind(1, 'head', fc.constant(0), ({ server }) => server.log.head(PARTITION)),
  kind(1, 'first', fc.constant(0), ({ server }) => server.log.first(PARTITION)),
  kind(1, 'trim', small, ({ server }, seq) => server.log.trim(PARTITION, seq)),
  kind(1, 'guard', fc.tuple(holder, small), ({ server }, [who, seq]) => server.log.setTrimGuard(PARTITION, who, seq)),
  kind(1, 'lose the tail behind', small, ({ loseTail }, seq) => loseTail(seq)),
  kind(4, 'send', small, async ({ server }, n) => void (await server.commands.send(PARTITION, 'scheduler', `command ${n}`))), // Ids differ.
  kind(2, 'look for commands', small, ({ server, entryIds }, n) =>
    server.commands.holds(PARTITION, 'scheduler', any(entryIds, n) ?? FIRST_ENTRY_ID),
  ),
  kind(3, 'read commands', fc.tuple(small, small), readCommands),
  kind(2, 'trim commands', small, ({ server, entryIds }, n) =>
    server.commands.trim(PARTITION, 'scheduler', any(entryIds, n) ?? FIRST_ENTRY_ID),
  ),
);

async function resultOf({ run }: Step, world: World): Promise<unknown> {
  try {
    return { value: await run(world) };
  } catch (error) {
    const { name, message } = error as Error;
    return { error: name, ...(name !== 'RangeError' && { message }) };
  }
}

const world = (server: LogServer, loseTail: World['loseTail']): World => ({ server, loseTail, leases: [], seen: [], entryIds: [] });

describe('the in-memory log server and a real one', () => {
  let real: TestLogServer;
  beforeAll(async () => void (real = await startLogServer()));
  afterAll(async () => real.stop());

  it('answer the same to any sequence of steps', async () => {
    const sequences = fc.array(step, { minLength: 10, maxLength: STEPS_MAX, size: 'max' });
    const same = fc.asyncProperty(sequences, async (steps) => {
      const memory = new InMemoryLogServer({ commandEntriesMax: ENTRIES_MAX });
      const subject = await openSubject(real.url);
      try {
        const worlds = [
          world(memory, async (lastSeq) => memory.faults.loseTail(PARTITION, lastSeq)),
          world(await subject.connect({ commandEntriesMax: ENTRIES_MAX }), (lastSeq) => subject.loseTail(PARTITION, lastSeq)),
        ] as const;
        const told: string[] = [];
        for (const step of steps) {
          told.push(step.name);
          const [inMemory, onServer] = [await resultOf(step, worlds[0]), await resultOf(step, worlds[1])];
          expect({ after: told, result: onServer }).toEqual({ after: told, result: inMemory });
        }
      } finally {
        await subject.dispose();
      }
    });
    await fc.assert(same, { numRuns: RUNS, interruptAfterTimeLimit: 20_000 });
  });
});
