import { Rejection } from '@torch/kernel';
import type { Signals } from '@torch/log';
import { waitUntil } from '@torch/testing';
import type { QueryAnswer, QueryEnvelope } from './envelope';
import { SYSTEM_CLOCK } from './host.clock';
import { SILENT_LOGGER } from './host.ports';
import type { Replies } from './replies';
import { WaitingQueries } from './waiting-queries';

const WAIT_MS = 100;
/** Promises that an answer goes through on its way out of Nest's pipes, filters and proxies, and more than that. */
const NEST_DEPTH = 50;

describe('queries that wait for the end of a turn', () => {
  let nowMs: number;
  let woken: number;
  let published: QueryAnswer[];
  let publish: () => Promise<number>;
  let queries: WaitingQueries;
  const pending = new Map<string, { resolve(answer: unknown): void; reject(error: Error): void }>();

  beforeEach(() => {
    [nowMs, woken, published] = [1000, 0, []];
    pending.clear();
    publish = () => Promise.resolve(1);
    const signals = {
      publish: (_channel: string, body: string) => {
        published.push(...(JSON.parse(body) as Replies).queries);
        return publish();
      },
    } as unknown as Signals;
    queries = new WaitingQueries({
      signals,
      clock: { ...SYSTEM_CLOCK, nowMs: () => nowMs },
      config: { queriesWaitingMax: 4, queriesRunningMax: 2, turnSliceMs: 1000 },
      log: SILENT_LOGGER,
      wake: () => woken++,
    });
  });

  const ask = (...ids: string[]): void =>
    queries.receive(
      JSON.stringify(ids.map((id): QueryEnvelope => ({ id, type: 'Ask', project: 'p', data: {}, replyTo: 'me', waitMs: WAIT_MS }))),
      nowMs,
    );
  const answerAll = (answer: (query: QueryEnvelope) => unknown): Promise<void> => queries.answerAll(nowMs, answer);
  const beside = ({ id }: QueryEnvelope): Promise<unknown> =>
    new Promise((resolve, reject) => pending.set(id, { resolve, reject } as never));
  const answered = async (...ids: string[]): Promise<void> => {
    await waitUntil(() => published.length >= ids.length, { what: `${ids.length} answers` });
    expect(published.map(({ id }) => id)).toEqual(ids);
  };
  const room = (before: number): Promise<unknown> => waitUntil(() => woken > before, { what: 'room for another' });

  it('are answered between two turns, in one message, as long as the handler waits for nothing in the world', async () => {
    let open = true;
    ask('a', 'b', 'c');
    const between = answerAll(async ({ id }) => {
      for (let n = 0; n < NEST_DEPTH; n++) await Promise.resolve();
      return { id, open };
    });
    await between;
    open = false;
    await answered('a', 'b', 'c');
    for (const answer of published) expect(answer).toMatchObject({ ok: true, answer: { open: true } });
  });

  it('go on beside the loop where the handler takes longer, and are answered when the answer is there', async () => {
    ask('slow', 'quick');
    await answerAll((query) => (query.id === 'slow' ? beside(query) : 'now'));
    await answered('quick');
    pending.get('slow')?.resolve('at last');
    await answered('quick', 'slow');
    expect(published[1]).toEqual({ id: 'slow', ok: true, answer: 'at last' });
  });

  it('are refused by whatever the handler throws, at once or later', async () => {
    ask('a', 'b');
    await answerAll((query) => {
      if (query.id === 'a') throw new Rejection('no', 'No.');
      return beside(query);
    });
    pending.get('b')?.reject(new Rejection('late', 'No.'));
    await answered('a', 'b');
    expect(published.map((answer) => 'code' in answer && answer.code)).toEqual(['no', 'late']);
  });

  it('run beside the loop up to a limit; the others wait for room', async () => {
    ask('a', 'b', 'c');
    await answerAll(beside);
    expect([...pending.keys()]).toEqual(['a', 'b']);
    const before = woken;
    pending.get('a')?.resolve(1);
    await room(before);
    await answerAll(beside);
    expect([...pending.keys()]).toEqual(['a', 'b', 'c']);
  });

  it('are dropped when their asker has waited long enough before there was room', async () => {
    ask('a', 'b', 'c');
    await answerAll(beside);
    const before = woken;
    pending.get('a')?.resolve(1);
    await room(before);
    await answered('a');
    nowMs += WAIT_MS;
    await answerAll(beside);
    expect([...pending.keys()]).toEqual(['a', 'b']);
  });

  it('are not answered to those who wait no more', async () => {
    ask('a', 'b');
    await answerAll(beside);
    pending.get('a')?.resolve(1);
    await answered('a');
    nowMs += WAIT_MS;
    pending.get('b')?.resolve(1);
    ask('c');
    await answerAll(() => 'now');
    await answered('a', 'c');
  });

  it('are refused beyond a limit that counts what runs and what cannot be sent', async () => {
    publish = () => new Promise(() => undefined); // The log server is away.
    ask('a');
    await answerAll(() => 'now');
    await answered('a');
    ask('b', 'c');
    await answerAll(beside);
    ask('d', 'e');
    let asked = 0;
    pending.get('b')?.resolve(1);
    await waitUntil(() => woken > 3, { what: 'room for another' });
    await answerAll((query) => {
      asked++;
      return beside(query);
    });
    expect([asked, [...pending.keys()]]).toEqual([1, ['b', 'c', 'd']]);
  });

  it('are not answered by an owner that is it no more', async () => {
    ask('a', 'b');
    await answerAll(beside);
    queries.close();
    pending.get('a')?.resolve(1);
    pending.get('b')?.reject(new Error('Over.'));
    ask('c');
    let isOver = false;
    SYSTEM_CLOCK.soon(() => SYSTEM_CLOCK.soon(() => (isOver = true)));
    await waitUntil(() => isOver, { what: 'two rounds of the event loop' });
    expect(published).toEqual([]);
  });
});
