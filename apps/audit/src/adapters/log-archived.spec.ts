import { Logger } from '@nestjs/common';
import { InMemoryLogServer, type Lease, START } from '@torch/log';
import { waitUntil } from '@torch/testing';
import { LogArchived } from './log-archived.adapter';

const PARTITION = 3;

describe('how far the archive is', () => {
  let server: InMemoryLogServer;
  let archived: LogArchived;

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(() => {
    server = new InMemoryLogServer();
    archived = new LogArchived(server);
  });
  afterEach(async () => {
    archived.onModuleDestroy();
    await server.close();
  });

  const take = async (holder: string): Promise<Lease> => (await server.leases.acquire(PARTITION, 'audit', holder, 60_000)) as Lease;
  const told = () => server.archived.get(PARTITION);
  const asks = (operation: string) => {
    let count = 0;
    server.faults.intercept = (asked, phase) => void (asked === operation && phase === 'before' && count++);
    return () => count;
  };

  it('is not told by an instance that was followed by another', async () => {
    const before = await take('one');
    await server.log.append({ ...before, seen: START, generation: 0 }, ['1', '2', '3']);
    await server.leases.release(before);
    const after = await take('two');
    const looks = asks('holder');
    archived.archived(before, { seq: 3, generation: 0 });
    await waitUntil(() => looks() > 0, { what: 'the refusal' });
    expect(await told()).toBeUndefined();
    archived.archived(after, { seq: 2, generation: 0 });
    await waitUntil(async () => (await told())?.position.seq === 2, { what: 'what the next one tells' });
  });

  it('is told by an owner that has taken a new epoch in the meantime', async () => {
    const lease = await take('one');
    await server.log.append({ ...lease, seen: START, generation: 0 }, ['1']);
    await take('one');
    archived.archived(lease, { seq: 1, generation: 0 });
    await waitUntil(async () => (await told())?.position.seq === 1, { what: 'the position' });
  });

  it('is not told of what the log does not have, but that the archive does not advance is', async () => {
    const lease = await take('one');
    await server.log.append({ ...lease, seen: START, generation: 0 }, ['1']);
    archived.archived(lease, { seq: 2, generation: 0 }, 'The log ends before its archive.');
    await waitUntil(told, { what: 'the failure' });
    expect(await told()).toEqual({ position: START, failing: 'The log ends before its archive.' });
  });
});
