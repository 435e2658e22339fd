import type { ArchivePruned, PruneArchive } from '@torch/archive';
import type { RetentionView } from '@torch/contracts';
import type { TorchClient } from '@torch/host';
import { LogUnavailable } from '@torch/log';
import { waitUntil } from '@torch/testing';
import type { ChainKeeper } from './chain-keeper.adapter';
import { Retention } from './retention.adapter';

const OUTCOME: ArchivePruned = { segments: 1, records: 5, firstSeq: 2, lastSeq: 9, gzBytesBefore: 100, gzBytesAfter: 60 };

/** An archive that says what it was asked, and the log's owners as retention speaks to them. */
function world(view: Partial<RetentionView> = {}, { everyMs = 0 } = {}) {
  const asked: { partition: number; dryRun?: boolean; expiring: string[] }[] = [];
  const recorded: object[] = [];
  let failing: Error | undefined;
  const keeper = {
    partitions: [3],
    prune: async (partition: number, { expiry, dryRun }: Pick<PruneArchive, 'expiry' | 'dryRun'>) => {
      asked.push({ partition, dryRun, expiring: [...(await expiry()).keys()] });
      if (failing) throw failing;
      return OUTCOME;
    },
  } as unknown as ChainKeeper;
  const client = {
    query: async () => ({ rules: [], holds: [], erasures: [], ...view }),
    command: async (_contract: unknown, _admission: unknown, data: object) => recorded.push(data),
  } as unknown as TorchClient;
  const retention = new Retention(keeper, client, { everyMs });
  const fail = (error: Error | undefined): void => void (failing = error);
  return { retention, asked, recorded, fail };
}

const rules = [
  { project: 'old', days: 1 },
  { project: 'held', days: 1 },
];
const holds = [{ on: 'held', reason: 'Case 7', placedAtMs: 1 }];

describe('a pruning that somebody asks for', () => {
  it('begins once, is done when it is asked for again, and is on record', async () => {
    const { retention, asked, recorded } = world({ rules, holds });
    expect(retention.asked(3, 'once', false)).toEqual({ dryRun: false, done: false, partitions: [] });
    const outcome = await waitUntil(() => [retention.asked(3, 'once', false)].find(({ done }) => done), { what: 'the pruning' });
    expect(outcome.partitions).toEqual([{ partition: 3, segments: 1, records: 5, gzBytesBefore: 100, gzBytesAfter: 60 }]);
    expect(asked).toEqual([{ partition: 3, dryRun: false, expiring: ['old'] }]);
    expect(recorded).toEqual([{ partition: 3, ...OUTCOME }]);
  });

  it('leaves no record when it only counts', async () => {
    const { retention, recorded } = world({ rules });
    await retention.apply(3, true);
    expect(recorded).toEqual([]);
  });

  it('says why it failed', async () => {
    const { retention, fail } = world();
    fail(new LogUnavailable('The archive of partition 3 is not open.', false));
    retention.asked(3, 'fails', false);
    await waitUntil(
      () => {
        expect(() => retention.asked(3, 'fails', false)).toThrow('The archive of partition 3 is not open.');
        return true;
      },
      { what: 'the failure' },
    );
  });
});

describe('retention by itself', () => {
  it('looks at every archive of this instance, again and again, also after a failure', async () => {
    const { retention, asked, recorded, fail } = world({ rules }, { everyMs: 5 });
    fail(new LogUnavailable('away', false));
    retention.onApplicationBootstrap();
    await waitUntil(() => asked.length > 0, { what: 'the first look' });
    fail(undefined);
    await waitUntil(() => recorded.length > 0, { what: 'a pruning' });
    retention.onModuleDestroy();
  });
});
