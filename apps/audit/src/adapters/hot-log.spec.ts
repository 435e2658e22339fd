import { SERVICE_NAMES } from '@torch/contracts';
import { InMemoryLogServer } from '@torch/log';
import { waitUntil } from '@torch/testing';
import { HotLog } from './hot-log.adapter';

async function world(archivedSeq: number | undefined, { commitsMax = 0, everyMs = 5 } = {}) {
  const server = new InMemoryLogServer();
  await server.partitions(1);
  const lease = await server.leases.acquire(0, 'scheduler', 'spec', 60_000);
  const fence = {
    partition: 0,
    service: 'scheduler',
    holder: 'spec',
    epoch: lease?.epoch ?? 0,
    seen: { seq: 0, generation: 0 },
    generation: 0,
  };
  await server.log.append(
    fence,
    Array.from({ length: 20 }, (_, i) => `{"n":${i}}`),
  );
  const hotLog = new HotLog({ partitions: [0], archivedSeq: () => archivedSeq, archiveStates: async () => 1 }, server, {
    commitsMax,
    everyMs,
  });
  const guards = async (seq: number): Promise<void> => {
    for (const service of SERVICE_NAMES) await server.log.setTrimGuard(0, `snapshot:${service}`, seq);
  };
  return { server, hotLog, guards, firstSeq: async () => (await server.log.first(0))?.seq };
}

describe('trimming the hot log', () => {
  it('goes no further than what is archived, and than every snapshot and reader', async () => {
    const { hotLog, guards, server } = await world(15);
    await guards(12);
    expect(await hotLog.trim(0, 5)).toEqual({ partition: 0, firstSeq: 5 });
    expect(await hotLog.trim(0, 20)).toMatchObject({ firstSeq: 12, heldBy: expect.stringMatching(/^snapshot:\w+ needs 12/) });
    await guards(19);
    await server.log.setTrimGuard(0, 'effects:spawner', 13);
    expect(await hotLog.trim(0, 20)).toEqual({ partition: 0, firstSeq: 13, heldBy: 'effects:spawner needs 13 and what follows' });
    await server.log.setTrimGuard(0, 'effects:spawner', 20);
    expect(await hotLog.trim(0, 20)).toEqual({ partition: 0, firstSeq: 15, heldBy: 'archive needs 15 and what follows' });
  });

  it('does nothing before every service has a snapshot, and while the archive is not open', async () => {
    const { hotLog, firstSeq } = await world(20);
    expect(await hotLog.trim(0, 10)).toMatchObject({ firstSeq: 1, heldBy: 'snapshot:gateway has not said what it needs' });
    const shut = await world(undefined);
    await shut.guards(20);
    expect(await shut.hotLog.trim(0, 10)).toMatchObject({ firstSeq: 1, heldBy: 'archive has not said what it needs' });
    expect(await firstSeq()).toBe(1);
  });

  it('is done by itself when more commits are there than are wanted, and not otherwise', async () => {
    const { hotLog, guards, firstSeq } = await world(20, { commitsMax: 6 });
    await guards(20);
    hotLog.onApplicationBootstrap();
    await waitUntil(async () => (await firstSeq()) === 15, { what: 'the log to be trimmed' });
    await hotLog.onModuleDestroy();
    const off = await world(20);
    await off.guards(20);
    off.hotLog.onApplicationBootstrap();
    await off.hotLog.onModuleDestroy();
    expect(await off.firstSeq()).toBe(1);
  });
});
