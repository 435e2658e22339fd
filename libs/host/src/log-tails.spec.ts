import { encodeCommit, formatPosition, InMemoryLogServer, type Lease, type LogEntry, START } from '@torch/log';
import { waitUntil } from '@torch/testing';
import { LogTails, type TailedCommit } from './log-tails';

const commit = (epoch: number): string =>
  encodeCommit({
    service: 'scheduler',
    epoch,
    recordedAtMs: 1,
    consumed: { entry: '0-0', commands: 0, seq: 0 },
    answers: [],
    events: [],
  });

/** Collects what one subscriber is told. */
function subscribed(tails: LogTails, afterSeq: number): string[] {
  const told: string[] = [];
  tails.subscribe(0, afterSeq, {
    onCommit: ({ position }) => void told.push(formatPosition(position)),
    onEnd: ({ name }) => void told.push(name),
  });
  return told;
}

describe('whoever follows the log', () => {
  let server: InMemoryLogServer;
  let tails: LogTails;
  beforeEach(async () => {
    server = new InMemoryLogServer();
    tails = new LogTails(server);
    const lease = (await server.leases.acquire(0, 'scheduler', 'owner', 60_000)) as Lease;
    const first = subscribed(tails, 0);
    await server.log.append({ ...lease, seen: START, generation: 0 }, [commit(1), commit(1), commit(1)]);
    await waitUntil(() => first.length === 3, { what: 'the first subscriber to be told' });
  });
  afterEach(async () => {
    await tails.close();
    await server.close();
  });

  it('is told of what was there before, from memory', async () => {
    const told = subscribed(tails, 1);
    await waitUntil(() => told.length === 2, { what: 'the second subscriber to be told' });
    expect(told).toEqual(['2-0', '3-0']);
  });

  it('is never told of a tail that the log server has lost, though it was read before', async () => {
    server.faults.goAway();
    server.faults.loseTail(0, 2);
    const anew: LogEntry = { position: { seq: 3, generation: 1 }, body: commit(2) };
    const data = server.store.partition(0);
    data.entries.push(anew);
    data.head = anew.position;
    server.faults.comeBack();
    const told = subscribed(tails, 2);
    await waitUntil(() => told.length > 0, { what: 'the subscriber to be told' });
    expect(told[0]).toBe('3-1');
  });

  it('has to do with what is wrong in a commit only when it looks at that', async () => {
    const told: string[] = [];
    const follow = (name: string, look: (commit: TailedCommit) => unknown): void =>
      void tails.subscribe(0, 3, {
        onCommit: (seen) => void told.push(`${name}: ${JSON.stringify(look(seen))}`),
        onEnd: ({ message }) => void told.push(`${name} ends: ${message}`),
      });
    follow('keeps', ({ body }) => body.length > 0);
    follow('wants news', (seen) => seen.only(new Set(['news'])).indexes);
    follow('looks', ({ events }) => events.length);
    const lease = (await server.leases.holder(0, 'scheduler')) as Lease;
    const events = [{ type: 'task.assigned', v: 1, data: {} }, { type: 'news' }];
    const seen = { seq: 3, generation: 0 };
    await server.log.append({ ...lease, seen, generation: 0 }, [JSON.stringify({ ...JSON.parse(commit(1)), events })]);
    await waitUntil(() => told.length === 3, { what: 'all three to be told' });
    expect(told.sort()).toEqual([
      'keeps: true',
      expect.stringContaining('looks ends: Event 4-0/0 (task.assigned) does not fit its contract'),
      'wants news: [1]',
    ]);
  });
});

describe('whoever has read to the end while the end is being looked for', () => {
  let server: InMemoryLogServer;
  let tails: LogTails;
  let append: () => Promise<unknown>;
  /** Resolves when the subscriber has been given what there was, and has found nothing behind it. */
  let readToTheEnd: Promise<void>;
  let beforeLookingAtTheHead: () => Promise<unknown>;
  beforeEach(async () => {
    server = new InMemoryLogServer();
    tails = new LogTails(server);
    const lease = (await server.leases.acquire(0, 'scheduler', 'owner', 60_000)) as Lease;
    let seen = START;
    append = async () => (seen = await server.log.append({ ...lease, seen, generation: 0 }, [commit(1)]));
    await append();
    let reads = 0;
    beforeLookingAtTheHead = async () => undefined;
    readToTheEnd = new Promise((over) => {
      server.faults.intercept = async (operation, phase) => {
        if (operation === 'read' && phase === 'after' && ++reads === 2) over();
        if (operation === 'head' && phase === 'before') await beforeLookingAtTheHead();
      };
    });
  });
  afterEach(async () => {
    await tails.close();
    await server.close();
  });

  it('is told of what came in between, and not with the next commit only', async () => {
    beforeLookingAtTheHead = async () => {
      beforeLookingAtTheHead = async () => undefined;
      await readToTheEnd;
      await append();
    };
    const told = subscribed(tails, 0);
    await waitUntil(() => told.length === 2, { what: 'the subscriber to be told of the second commit' });
    expect(told).toEqual(['1-0', '2-0']);
  });

  it('is told of what came while the log server could not be asked for the end', async () => {
    server.faults.failNext('head', 'before');
    const told = subscribed(tails, 0);
    await readToTheEnd;
    await append();
    await waitUntil(() => told.length === 2, { what: 'the subscriber to be told of the second commit' });
    expect(told).toEqual(['1-0', '2-0']);
  });
});
