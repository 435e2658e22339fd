import { encodeCommit, Fenced, InMemoryLogServer, type Lease, LogUnavailable, START } from '@torch/log';
import { Appender } from './appender';
import { HOST_DEFAULTS } from './host.config';
import { SYSTEM_CLOCK } from './host.clock';
import { LogCursor } from './log-cursor';

const PARTITION = 5;
const CONSUMED = { entry: '3-0', commands: 1, seq: 0 };

const body = (epoch: number, n: number): string =>
  encodeCommit({
    service: 'scheduler',
    epoch,
    recordedAtMs: n,
    consumed: { entry: `${n}-0`, commands: 1, seq: 0 },
    answers: [[`project/command-${n}`]],
    events: [],
  });

describe('an append of three commits that gets no answer', () => {
  let server: InMemoryLogServer;
  let appender: Appender;
  let appends: number;

  beforeEach(async () => {
    server = new InMemoryLogServer();
    const lease = (await server.leases.acquire(PARTITION, 'scheduler', 'me', 60_000)) as Lease;
    const cursor = new LogCursor(server.log, PARTITION);
    appender = new Appender({ server, cursor, config: HOST_DEFAULTS, clock: SYSTEM_CLOCK, lease, generationMin: 0, keepsGate: false });
    appends = 0;
  });
  afterEach(() => server.close());

  /** The log server that answers next has this many of the commits. */
  const unanswered = (kept: number): void => {
    server.faults.intercept = (operation, phase) => {
      if (operation !== 'append' || phase !== 'after' || ++appends > 1) return;
      const data = server.store.partition(PARTITION);
      data.entries.splice(kept);
      data.head = data.entries.at(-1)?.position ?? START;
      throw new LogUnavailable('The connection was lost.', true);
    };
  };
  const append = () =>
    appender.append((epoch) => ({ bodies: [1, 2, 3].map((n) => body(epoch, n)), unitCounts: [1, 1, 1], consumed: CONSUMED }));
  const answers = async (): Promise<string[]> =>
    (await server.log.read(PARTITION, 0, 10)).map((entry) => (JSON.parse(entry.body) as { answers: string[][] }).answers[0]?.[0] ?? '');

  it.each([1, 2])('and of which %i survived ends this owner: what is there is read by the next', async (kept) => {
    unanswered(kept);
    await expect(append()).rejects.toThrow(Fenced);
    expect(await answers()).toEqual(['project/command-1', 'project/command-2'].slice(0, kept));
    expect(appends).toBe(1);
  });

  it('is found when all of it is there', async () => {
    unanswered(3);
    expect((await append()).first).toEqual({ seq: 1, generation: 0 });
    expect(await answers()).toHaveLength(3);
    expect(appends).toBe(1);
  });

  it('is made again when nothing of it is there', async () => {
    unanswered(0);
    expect((await append()).first).toEqual({ seq: 1, generation: 0 });
    expect(await answers()).toHaveLength(3);
    expect(appends).toBe(2);
  });
});
