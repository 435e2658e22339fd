import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { openArchive } from '@torch/archive';
import type { EventsFound, FindEvents } from '@torch/contracts';
import type { AnyEvent } from '@torch/kernel';
import { encodeCommit, InMemoryLogServer, type Lease, type Position, START } from '@torch/log';
import { waitUntil } from '@torch/testing';
import { HISTORY_DEFAULTS, type HistoryConfig, readHistoryConfig } from '../history.config';
import { History } from './history.adapter';

const PARTITION = 3;

describe("audit's history", () => {
  let archiveDir: string;
  let server: InMemoryLogServer;
  let lease: Lease;
  let seen: Position;
  let history: History;

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(async () => {
    archiveDir = mkdtempSync(join(tmpdir(), 'torch-history-'));
    server = new InMemoryLogServer();
    seen = START;
    lease = (await server.leases.acquire(PARTITION, 'scheduler', 'test', 60_000)) as Lease;
    begin();
  });
  afterEach(async () => {
    await history.onModuleDestroy();
    await server.close();
    rmSync(archiveDir, { recursive: true });
  });

  function begin(config: Partial<HistoryConfig> = {}): void {
    // However loaded the machine is.
    history = new History({ archiveDir }, { ...HISTORY_DEFAULTS, timeMs: 60_000, ...config }, server);
  }

  /** Commits with an event of `default` and one of `shop` each; `text` is the correlation id. */
  async function append(count: number, { text = 'c', generation = seen.generation } = {}): Promise<void> {
    const bodies = Array.from({ length: count }, (_, i) => {
      const seq = seen.seq + 1 + i;
      const event = (project: string): AnyEvent => ({
        type: seq % 2 === 0 ? 'task.submitted' : 'task.requeued',
        v: 1,
        subject: `task/t${seq}`,
        project,
        actor: 'user:operator',
        correlationId: text,
        data: { seq },
      });
      const header = {
        service: 'scheduler',
        epoch: lease.epoch,
        recordedAtMs: 1000 * seq,
        consumed: { entry: '0-0', commands: 0, seq: 0 },
      };
      return encodeCommit({ ...header, answers: [], events: [event('shop'), event('default')] });
    });
    const first = await server.log.append({ ...lease, seen, generation }, bodies);
    seen = { seq: first.seq + count - 1, generation: first.generation };
  }

  /** Archives the log up to `seq`, in sealed segments that end where `seals` says. */
  async function archive(seq: number, seals: readonly number[] = []): Promise<void> {
    const writer = await openArchive({ dir: archiveDir, partition: PARTITION, sign: () => 'a checkpoint' });
    for (const entry of await server.log.read(PARTITION, 0, 10_000)) {
      if (entry.position.seq <= writer.durable.seq || entry.position.seq > seq) continue;
      writer.add(entry);
      if (seals.includes(entry.position.seq)) await writer.seal();
    }
    await writer.flush();
    await writer.close();
  }

  const find = (question: FindEvents = {}, project = 'default'): Promise<EventsFound> =>
    history.find({ partition: PARTITION, project, question });

  async function findAll(question: FindEvents): Promise<number[]> {
    const seqs: number[] = [];
    for (let after = question.after; ;) {
      const { events, next } = await find({ ...question, after });
      seqs.push(...events.map(({ data }) => (data as { seq: number }).seq));
      if (next === undefined) return seqs;
      expect(next).not.toBe(after);
      after = next;
    }
  }

  const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

  it.each([0, 10, 20, 25, 30])('is the archive up to %i, and the log behind it', async (archived) => {
    await append(30);
    await archive(archived, [10, 20]);
    for (const limit of [1, 7, 1000]) expect(await findAll({ limit })).toEqual(upTo(30));
    expect(await findAll({ types: ['task.submitted'], fromMs: 5000, toMs: 28_000 })).toEqual(
      upTo(27).filter((seq) => seq >= 5 && seq % 2 === 0),
    );
    expect(await find({ subject: 'task/t29' })).toEqual({
      events: [
        {
          id: '3/29-0/1',
          recordedAtMs: 29_000,
          type: 'task.requeued',
          v: 1,
          subject: 'task/t29',
          project: 'default',
          actor: 'user:operator',
          correlationId: 'c',
          data: { seq: 29 },
        },
      ],
      through: '3/30-0/999999',
      pruned: 0,
    });
  });

  it('reaches back to what the log has forgotten', async () => {
    await append(30);
    await archive(20);
    await server.log.setTrimGuard(PARTITION, 'test', 15);
    await server.log.trim(PARTITION, 15);
    expect(await findAll({})).toEqual(upTo(30));
  });

  it('goes on behind where it was searched to, as the log grows', async () => {
    await append(5);
    const { through } = await find({ subject: 'nothing' });
    expect(through).toBe('3/5-0/999999');
    expect(await find({ after: through })).toEqual({ events: [], through, pruned: 0 });
    await append(5);
    await archive(7);
    expect(await findAll({ after: through })).toEqual([6, 7, 8, 9, 10]);
    expect(await findAll({ after: '3/9-0/0' })).toEqual([9, 10]);
  });

  it('comes in short answers that get on, when its limits are reached', async () => {
    await append(60);
    await archive(40, [20]);
    begin({ timeMs: 0.001, readEntriesMax: 3 });
    expect((await find()).next).toBeDefined();
    expect(await findAll({})).toEqual(upTo(60));
    begin({ bytesMax: 1, answerCharsMax: 500, readEntriesMax: 1 });
    expect((await find()).events.length).toBeLessThan(5);
    expect(await findAll({})).toEqual(upTo(60));
    begin({ limitDefault: 2 });
    expect((await find()).events).toHaveLength(2);
  });

  it('shows what took the place of a lost tail to somebody who had seen that tail', async () => {
    await append(10);
    const { through } = await find();
    server.faults.loseTail(PARTITION, 7);
    seen = { seq: 7, generation: 0 };
    await append(2, { text: 'other', generation: 1 });
    const { events } = await find({ after: through });
    expect(events.map(({ id }) => id)).toEqual(['3/8-1/1', '3/9-1/1']);
    await append(5, { text: 'other' });
    expect((await find({ after: through })).events).toHaveLength(7);
    await archive(9);
    expect((await find({ after: through })).events).toHaveLength(7);
  });

  it('indexes in the background what a question had to read for want of an index', async () => {
    await append(20);
    await archive(20, [10, 20]);
    await find({ correlationId: 'unheard-of' });
    const index = join(archiveDir, 'p03', 'index');
    await waitUntil(() => existsSync(index) && readdirSync(index).filter((name) => name.startsWith('search-')).length === 2, {
      what: 'indexes',
    });
    expect(await findAll({ correlationId: 'c' })).toEqual(upTo(20));
  });

  it.each([
    [{ after: 'x' }, '"x" is not the id of an event'],
    [{ after: '1/1-0/0' }, 'is an event of partition 1'],
  ])('refuses %j', async (question, message) => {
    await expect(find(question)).rejects.toMatchObject({ code: 'invalid-query', message: expect.stringContaining(message) as string });
  });

  it('says that it is busy beyond its limit, and while the log is away', async () => {
    await append(1);
    begin({ questionsMax: 2 });
    const answers = await Promise.allSettled([find(), find(), find()]);
    expect(answers.map((answer) => (answer.status === 'rejected' ? (answer.reason as { code: string }).code : 'found'))).toEqual([
      'found',
      'found',
      'busy',
    ]);
    server.faults.goAway();
    await expect(find()).rejects.toMatchObject({ code: 'busy' });
    server.faults.comeBack();
    expect((await find()).events).toHaveLength(1);
  });

  it('has limits by default, each of which can be set', () => {
    expect(readHistoryConfig({})).toEqual(HISTORY_DEFAULTS);
    expect(readHistoryConfig({ TORCH_AUDIT_HISTORY_TIME_MS: '50' }).timeMs).toBe(50);
    expect(() => readHistoryConfig({ TORCH_AUDIT_HISTORY_TIME_MS: '0', TORCH_AUDIT_HISTORY_QUESTIONS_MAX: 'many' })).toThrow(
      /TIME_MS[^]*QUESTIONS_MAX/,
    );
  });
});
