import { cloudEventsOf, encodeCommit, type LogServer } from '@torch/log';
import { GATEWAY_DEFAULTS } from '../gateway.config';
import type { PersonalData } from './personal-data.adapter';
import { TaskHistory } from './task-history.adapter';

const STEP_MS = 100;

/** A log of `length` commits, one every 100 ms, of which every tenth is about the task. Counts what is read. */
function history(length: number, limits: Partial<typeof GATEWAY_DEFAULTS> = {}) {
  let entriesRead = 0;
  const entry = (seq: number) => {
    const taskId = seq % 10 === 0 ? 't1' : 't10';
    const event = { type: 'task.requeued', v: 1, subject: `task/${taskId}`, project: 'p', actor: 'service:scheduler', correlationId: 'c' };
    const data = { taskId, reason: 'backoff-over', requeuedAtMs: seq };
    const header = {
      service: 'scheduler',
      epoch: 1,
      recordedAtMs: seq * STEP_MS,
      consumed: { entry: '0-0', commands: 0, seq: 0 },
      answers: [],
    };
    return { position: { seq, generation: 0 }, body: encodeCommit({ ...header, events: [{ ...event, data }] }) };
  };
  const log = {
    first: async () => ({ seq: 1, generation: 0 }),
    head: async () => ({ seq: length, generation: 0 }),
    read: async (_partition: number, afterSeq: number, limit: number) => {
      const entries = Array.from({ length: Math.min(limit, length - afterSeq) }, (_, i) => entry(afterSeq + 1 + i));
      entriesRead += entries.length;
      return entries;
    },
  };
  const config = { ...GATEWAY_DEFAULTS, clockSkewMs: 500, ...limits };
  return {
    histories: new TaskHistory({ eventsOf: cloudEventsOf } as unknown as PersonalData, { log } as unknown as LogServer, config),
    entriesRead: () => entriesRead,
  };
}

const subject = { project: 'p', partition: 0, subject: 'task/t1' };

describe('the history of a task', () => {
  it('is read from where the log was when the task was submitted', async () => {
    const { histories, entriesRead } = history(100_000);
    const { events, next } = await histories.page(subject, { sinceMs: 99_950 * STEP_MS });
    expect(events.map(({ id }) => id)).toEqual([99_950, 99_960, 99_970, 99_980, 99_990, 100_000].map((seq) => `0/${seq}-0/0`));
    expect(next).toBeUndefined();
    expect(entriesRead()).toBeLessThan(100);
  });

  it('looks back by as much as the clocks may differ', async () => {
    const { histories } = history(1000);
    const { events } = await histories.page(subject, { sinceMs: 995 * STEP_MS });
    expect(events.map(({ id }) => id)).toEqual(['0/990-0/0', '0/1000-0/0']);
  });

  it('is empty in a log that has nothing of the task', async () => {
    const { histories } = history(0);
    expect(await histories.page(subject, { sinceMs: 0 })).toEqual({ events: [] });
  });

  it('comes in pages that go on where the one before has ended', async () => {
    const { histories } = history(1000, { historyEventsMax: 30 });
    const first = await histories.page(subject, { sinceMs: 0 });
    expect([first.events.length, first.next]).toEqual([30, 300]);
    const second = await histories.page(subject, { afterSeq: first.next ?? 0 });
    expect(second.events[0]?.id).toBe('0/310-0/0');
  });

  it('says where to go on when reading takes too long', async () => {
    const { histories } = history(100_000, { historyReadMs: 0, readEntriesMax: 50 });
    const { events, next } = await histories.page(subject, { afterSeq: 0 });
    expect([events.length, next]).toEqual([5, 50]);
  });
});
