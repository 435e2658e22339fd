import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { archiveHead } from '@torch/archive';
import { emptyAudit } from '@torch/domain-audit';
import { LOG_TAILS_DEFAULTS, LogTails } from '@torch/host';
import { encodeCommit, GateShut, InMemoryLogServer, type Lease, type Position, START } from '@torch/log';
import { waitUntil } from '@torch/testing';
import { AuditHandlers } from '../api/audit.handlers';
import { AUDIT_DEFAULTS, type AuditConfig } from '../audit.config';
import { GateKeeper } from '../recovery/gate.keeper';
import { StateKeeper } from '../recovery/state.keeper';
import { ChainKeeper } from './chain-keeper.adapter';
import { LogArchived } from './log-archived.adapter';

const PARTITION = 3;
const CONSUMED = { entry: '0-0', commands: 0, seq: 0 };
const OWNED = { partition: PARTITION, state: () => emptyAudit(), submit: () => Promise.resolve() };

describe('the keeper of archives', () => {
  let dataDir: string;
  let server: InMemoryLogServer;
  let tails: LogTails;
  let keeper: ChainKeeper;
  let archived: LogArchived;
  let lease: Lease;
  let seen: Position;

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'torch-audit-'));
    server = new InMemoryLogServer();
    seen = START;
    lease = (await server.leases.acquire(PARTITION, 'scheduler', 'test', 60_000)) as Lease;
    await begin();
  });
  afterEach(async () => {
    await end();
    await server.close();
    rmSync(dataDir, { recursive: true });
  });

  async function begin(config: Partial<AuditConfig> = {}): Promise<void> {
    tails = new LogTails(server, { ...LOG_TAILS_DEFAULTS, gatherMs: 0 });
    archived = new LogArchived(server);
    keeper = keeperOf(config);
    await own(keeper, 'keeper');
  }

  async function own(by: ChainKeeper, holder: string): Promise<void> {
    const held = await server.leases.holder(PARTITION, 'audit');
    if (held && held.holder !== holder) await server.leases.release(held);
    await by.prepare((await server.leases.acquire(PARTITION, 'audit', holder, 60_000)) as Lease, async () => CONSUMED);
    by.onOwned(OWNED);
  }

  function keeperOf(config: Partial<AuditConfig> = {}): ChainKeeper {
    const env = { dataDir, archiveDir: join(dataDir, 'audit'), partitions: 8, gate: 'none' } as const;
    const states = new StateKeeper(env, server);
    const gate = new GateKeeper(env, server, states, { commitsMax: 0 });
    return new ChainKeeper(env, { ...AUDIT_DEFAULTS, retryMs: 50, ...config }, server, tails, gate, states, archived);
  }

  async function end(): Promise<void> {
    await keeper.onReleased(PARTITION);
    archived.onModuleDestroy();
    await tails.close();
  }

  async function append(count: number, text = 'x'): Promise<void> {
    const bodies = Array.from({ length: count }, (_, i) =>
      encodeCommit({
        service: 'scheduler',
        epoch: lease.epoch,
        recordedAtMs: 1,
        consumed: { entry: '0-0', commands: 0, seq: 0 },
        answers: [[`${text} ${i}`]],
        events: [],
      }),
    );
    const first = await server.log.append({ ...lease, seen, generation: seen.generation }, bodies);
    seen = { seq: first.seq + count - 1, generation: first.generation };
  }

  const file = (): string => join(dataDir, 'audit', 'p03', 'segment-0000000000000001.ndjson');
  const lines = (): string[] => (existsSync(file()) ? readFileSync(file(), 'utf8').split('\n').slice(0, -1) : []);
  const verdict = async () => (await new AuditHandlers(keeper).verifyChain({ partition: PARTITION } as never)).partitions[0];
  /** Written and durable: an answer speaks of nothing else. */
  const reaches = (count: number) =>
    waitUntil(async () => lines().length === count && (await verdict())?.records === count, { what: `${count} records` });

  async function tamper(change: (lines: string[]) => string[]): Promise<void> {
    await end();
    writeFileSync(
      file(),
      change(lines())
        .map((line) => `${line}\n`)
        .join(''),
    );
    await begin();
  }

  it('writes every commit of the partition into its chain', async () => {
    await append(10);
    await reaches(10);
    await append(5);
    await reaches(15);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(await verdict()).toMatchObject({
      partition: 3,
      ok: true,
      records: 15,
      lastSeq: 15,
      lastHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('answers for a chain that is empty', async () => {
    await waitUntil(async () => (await verdict())?.ok, { what: 'the chain' });
    expect(await verdict()).toMatchObject({ ok: true, records: 0, lastSeq: 0 });
  });

  it('carries the chain on after a restart', async () => {
    await append(10);
    await reaches(10);
    await end();
    await append(10, 'later');
    await begin();
    await reaches(20);
    expect(await verdict()).toMatchObject({ ok: true, records: 20 });
  });

  it('writes what is at hand when the partition is released', async () => {
    await end();
    await begin({ groupMs: 5000 });
    await append(3);
    await waitUntil(() => existsSync(file()), { what: 'the file' });
    await waitUntil(() => server.log.head(PARTITION).then(({ seq }) => seq === 3), { what: 'the log' });
    await end();
    await begin();
    await reaches(3);
  });

  it('does not hold more than it may before it writes', async () => {
    await end();
    await begin({ bufferedBytesMax: 1024, groupMs: 1 });
    await append(200, 'y'.repeat(500));
    await reaches(200);
    expect(await verdict()).toMatchObject({ ok: true, records: 200 });
  });

  it('cuts a torn last line off and writes it anew', async () => {
    await append(10);
    await reaches(10);
    await end();
    truncateSync(file(), statSync(file()).size - 7);
    await begin();
    await reaches(10);
    expect(await verdict()).toMatchObject({ ok: true, records: 10 });
  });

  it.each([
    ['altered', (all: string[]) => all.map((line, i) => (i === 4 ? line.replace('x 4', 'x 9') : line)), '5-0'],
    ['dropped', (all: string[]) => all.filter((_, i) => i !== 4), '5-0'],
    ['doubled', (all: string[]) => all.flatMap((line, i) => (i === 4 ? [line, line] : [line])), '6-0'],
    ['swapped', (all: string[]) => all.map((_, i) => all[i === 4 ? 5 : i === 5 ? 4 : i] as string), '5-0'],
    ['unreadable', (all: string[]) => all.map((line, i) => (i === 4 ? line.slice(1) : line)), '5-0'],
  ])('finds a record that was %s, and names it', async (_, change, badPosition) => {
    await append(10);
    await reaches(10);
    await tamper(change);
    await waitUntil(async () => (await verdict())?.badPosition === badPosition, { what: 'the finding' });
    expect(await verdict()).toMatchObject({ ok: false, badPosition });
  });

  it('finds that its end was cut off, or its file taken away, while it runs', async () => {
    await append(10);
    await reaches(10);
    const whole = readFileSync(file());
    writeFileSync(file(), whole.subarray(0, whole.indexOf('\n', whole.length / 2) + 1));
    expect((await verdict())?.ok).toBe(false);
    rmSync(file());
    expect(await verdict()).toMatchObject({ ok: false, badPosition: '1-0', problem: 'The chain ends at 0-0, and must reach 10-0.' });
  });

  it('finds that the log has other content than the chain, keeps the chain, and does not go on', async () => {
    await append(10);
    await reaches(10);
    await end();
    const before = readFileSync(file());
    server.faults.loseTail(PARTITION, 7);
    seen = { seq: 7, generation: 0 };
    await append(5, 'other');
    await begin();
    await waitUntil(async () => (await verdict())?.badPosition === '8-0', { what: 'the finding' });
    expect(await verdict()).toMatchObject({ ok: false, problem: 'The log has other content there.' });
    expect(readFileSync(file())).toEqual(before);
  });

  it('finds that the log lost its tail', async () => {
    await append(10);
    await reaches(10);
    await end();
    server.faults.loseTail(PARTITION, 7);
    await begin();
    await waitUntil(async () => (await verdict())?.problem === 'The log ends at 7-0, and the chain at 10-0.', { what: 'the finding' });
    expect(await verdict()).toMatchObject({ ok: false, badPosition: '8-0' });
    expect(lines()).toHaveLength(10);
  });

  it('does not mind that the log forgot what the chain still has', async () => {
    await append(10);
    await reaches(10);
    await server.log.setTrimGuard(PARTITION, 'test', 6);
    await server.log.trim(PARTITION, 6);
    expect(await verdict()).toMatchObject({ ok: true, records: 10 });
  });

  it('does not share its file with another writer', async () => {
    await append(3);
    await reaches(3);
    appendFileSync(file(), 'what nobody asked for\n');
    await append(1);
    await waitUntil(async () => (await verdict())?.ok === false, { what: 'the finding' });
    expect(lines()).toHaveLength(4);
  });

  it('tells how far it is, on the log server and when it is asked', async () => {
    await append(10);
    await reaches(10);
    await waitUntil(async () => (await server.archived.get(PARTITION))?.position.seq === 10, { what: 'the archived position' });
    const { partitions } = await new AuditHandlers(keeper).archiveStatus({ partition: PARTITION } as never);
    expect(partitions).toEqual([
      {
        partition: PARTITION,
        isOpen: true,
        durablePosition: '10-0',
        lagCommits: 0,
        openSegmentBytes: statSync(file()).size,
        sealedSegments: 0,
      },
    ]);
  });

  it('tells that it does not advance, once, and that it does again', async () => {
    const said = jest.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
    await append(3);
    await reaches(3);
    await end();
    const whole = readFileSync(file());
    appendFileSync(file(), 'what nobody asked for\n');
    await begin();
    await append(2, 'later');
    await waitUntil(async () => (await server.archived.get(PARTITION))?.failing, { what: 'the failure to be published' });
    expect(await keeper.status(PARTITION)).toMatchObject({ isOpen: false, failing: { activity: 'append', code: 'BROKEN' } });
    const alarms = said.mock.calls.map(([first]) => (first as { alarm?: string }).alarm).filter(Boolean);
    expect(alarms).toEqual(['archive-failing']);
    said.mockRestore();
    writeFileSync(file(), whole);
    await waitUntil(async () => (await server.archived.get(PARTITION))?.position.seq === 5, { what: 'the archive to advance' });
    expect((await server.archived.get(PARTITION))?.failing).toBeUndefined();
    expect(await keeper.status(PARTITION)).toMatchObject({ isOpen: true, durablePosition: '5-0' });
    expect(await archiveHead({ dir: join(dataDir, 'audit'), partition: PARTITION })).toMatchObject({ seq: 5 });
  });

  it('leaves the archive to whoever has it', async () => {
    await append(1);
    await reaches(1);
    const other = keeperOf();
    await expect(own(other, 'other')).rejects.toThrow(GateShut);
    await keeper.onReleased(PARTITION);
    await own(other, 'other');
    await waitUntil(async () => (await other.status(PARTITION)).isOpen, { what: 'the other one to take over' });
    await append(1, 'later');
    await waitUntil(async () => (await other.status(PARTITION)).durablePosition === '2-0', { what: 'the record' });
    await other.onReleased(PARTITION);
  });
});
