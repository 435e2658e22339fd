import { get, type IncomingMessage } from 'node:http';
import type { EventsFound, FindEvents, HistoryEvent } from '@torch/contracts';
import type { ServiceDefinition } from '@torch/host';
import { Rejection } from '@torch/kernel';
import { type CloudEvent, InMemoryLogServer } from '@torch/log';
import { waitUntil } from '@torch/testing';
import { OpenStreams } from './adapters/open-streams.adapter';
import type { GatewayConfig } from './gateway.config';
import { type FixtureRequest, GatewayFixture } from './spec/gateway.fixture';
import { definitionOf } from './spec/stand-in.fixture';

const BASE = '/v1/projects/default/history';

let server: InMemoryLogServer;
let gateway: GatewayFixture;
/** What audit was asked, and how it answers. */
let asked: FindEvents[];
let answer: (question: FindEvents) => EventsFound;

const standInAudit = definitionOf({
  service: 'audit',
  initialState: () => ({}),
  decide: () => [],
  evolve: () => undefined,
  queries: {
    FindEvents: (question: FindEvents) => {
      asked.push(question);
      return answer(question);
    },
  },
}) as unknown as ServiceDefinition<never>;

async function start(limits: Partial<GatewayConfig> = {}, services = [standInAudit]): Promise<void> {
  asked = [];
  answer = pagesOf(25);
  server = new InMemoryLogServer();
  await server.partitions(1);
  gateway = await GatewayFixture.start({ connect: () => server.connect(), limits, services });
}
afterEach(async () => {
  await gateway.stop();
  await server.close();
});

const eventAt = (seq: number, text = ''): HistoryEvent => ({
  id: `0/${seq}-0/0`,
  recordedAtMs: 1_700_000_000_000 + seq,
  type: 'task.requeued',
  v: 1,
  subject: `task/t${seq}`,
  project: 'default',
  actor: 'service:scheduler',
  correlationId: 'c',
  data: { seq, text },
});

const seqBehind = (after: string | undefined): number => Number(/^0\/(\d+)-/.exec(after ?? '0/0-')?.[1]) + 1;

/** As many events as there are, a few at a time whatever the limit, with an emptied commit on every page. */
const pagesOf =
  (count: number, most = 10, text = '') =>
  ({ after, limit = 100 }: FindEvents): EventsFound => {
    const first = seqBehind(after);
    const last = Math.min(count, first + Math.min(limit, most) - 1);
    const events = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => eventAt(first + i, text));
    return { events, through: `0/${last}-0/999999`, pruned: 1, ...(last < count && { next: `0/${last}-0/999999` }) };
  };

const fetchJson = async (query = '', init: FixtureRequest = {}) => {
  const response = await gateway.fetch(BASE + query, init);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> & { events: CloudEvent[] } };
};

const seqsOf = (events: readonly CloudEvent[]): number[] => events.map(({ data }) => (data as { seq: number }).seq);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe('the history of a project', () => {
  it('is a page of CloudEvents, by what was asked for', async () => {
    await start();
    const query =
      '?types=task.requeued,run.ended&actor=service:scheduler&subject=task/*&correlationId=c&from=2023-11-14&to=2023-11-15T00:00:00%2B01:00&after=0/2-0/0&limit=3';
    const { status, body } = await fetchJson(query);
    expect([status, asked]).toEqual([
      200,
      [
        {
          types: ['task.requeued', 'run.ended'],
          actor: 'service:scheduler',
          subject: 'task/*',
          correlationId: 'c',
          fromMs: Date.UTC(2023, 10, 14),
          toMs: Date.UTC(2023, 10, 14, 23),
          after: '0/2-0/0',
          limit: 3,
        },
      ],
    ]);
    expect([seqsOf(body.events), body.next, body.pruned]).toEqual([[3, 4, 5], '0/5-0/999999', 1]);
    expect(body.events[0]).toMatchObject({ specversion: '1.0', id: '0/3-0/0', time: '2023-11-14T22:13:20.003Z', torchproject: 'default' });
  });

  it("is put together from audit's short answers, up to the limit or the end", async () => {
    await start();
    const page = await fetchJson('?limit=23');
    expect([seqsOf(page.body.events), page.body.next, page.body.pruned]).toEqual([upTo(23), '0/23-0/999999', 3]);
    const all = await fetchJson('');
    expect([seqsOf(all.body.events), all.body.next, all.body.through, all.body.pruned]).toEqual([upTo(25), undefined, '0/25-0/999999', 3]);
  });

  it('comes back short when the time of one request is used up', async () => {
    await start({ historyReadMs: 0 });
    const { body } = await fetchJson('');
    expect([seqsOf(body.events), body.next]).toEqual([upTo(10), '0/10-0/999999']);
  });

  it.each([
    ['?from=yesterday', '/from'],
    ['?to=2026-02-30', '/to'],
    ['?from=1', '/from'],
    ['?after=7', '/after'],
    ['?after=nonsense', '/after'],
    ['?after=9/1-0/0', '/after'],
    ['?limit=0', '/limit'],
    ['?limit=1001', '/limit'],
    ['?limit=many', '/limit'],
    ['?types=', '/types'],
    ['?types=a%20b', '/types/0'],
    ['?actor=', '/actor'],
    ['?subject=', '/subject'],
    ['?colour=red', '/colour'],
    ['/export?limit=5', '/limit'],
    ['/export?to=never,ever', '/to'],
  ])('names the field that is wrong in %s', async (query, pointer) => {
    await start();
    const { status, body } = await fetchJson(query);
    expect([status, body.code, body.errors]).toEqual([400, 'invalid-request', [expect.objectContaining({ pointer })]]);
    expect(asked).toEqual([]);
  });

  it('is only for those who may see the project', async () => {
    await start();
    const stranger = await gateway.token('agent:x', ['other']);
    for (const path of ['', '/export']) {
      expect((await fetchJson(path, { token: null })).status).toBe(401);
      expect((await fetchJson(path, { token: stranger })).status).toBe(403);
    }
    expect((await gateway.fetch('/v1/projects/nowhere/history')).status).toBe(404);
    expect(asked).toEqual([]);
  });

  it("can be had of Torch's own events, which are in a project that nobody has created", async () => {
    await start();
    expect((await gateway.fetch('/v1/projects/torch/history', { token: await gateway.token('user:x', ['default']) })).status).toBe(403);
    expect((await gateway.fetch('/v1/projects/torch/history')).status).toBe(200);
    expect((await gateway.fetch('/v1/projects/torch/runs')).status).toBe(404);
  });

  it('cannot be had without audit, and says so in time', async () => {
    await start({ deadlineMs: 300 }, []);
    for (const path of ['', '/export']) {
      const askedAtMs = performance.now();
      expect((await fetchJson(path)).status).toBe(503);
      expect(performance.now() - askedAtMs).toBeLessThan(2000);
    }
  });
});

/** An answer whose body is read only when the test says so. */
function rawExport(query = ''): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = get(`${gateway.url}${BASE}/export${query}`, { headers: { authorization: `Bearer ${gateway.operator}` } }, resolve);
    request.on('error', reject);
  });
}

async function linesOf(response: IncomingMessage): Promise<CloudEvent[]> {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as CloudEvent);
}

describe('an export of history', () => {
  it('is every event as a line, and says at its end how many there were', async () => {
    await start();
    const response = await rawExport('?types=task.requeued&after=0/3-0/0');
    expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'application/x-ndjson; charset=utf-8']);
    expect(seqsOf(await linesOf(response))).toEqual(upTo(25).slice(3));
    expect(response.trailers).toEqual({ 'torch-events': '22', 'torch-pruned': '3' });
    expect(asked.every(({ types, limit }) => types?.[0] === 'task.requeued' && limit === 1000)).toBe(true);
  });

  it('is empty where nothing is found', async () => {
    await start();
    answer = () => ({ events: [], pruned: 2 });
    const response = await rawExport();
    expect([await linesOf(response), response.trailers]).toEqual([[], { 'torch-events': '0', 'torch-pruned': '2' }]);
  });

  it('is made no faster than it is read', async () => {
    await start({ streamPauseBytes: 1024 });
    answer = pagesOf(5000, 10, 'x'.repeat(20_000));
    const response = await rawExport();
    let settled = -1;
    await waitUntil(
      () => {
        const isSettled = asked.length > 0 && asked.length === settled;
        settled = asked.length;
        return isSettled;
      },
      { what: 'the export to wait for its reader', everyMs: 300 },
    );
    expect(asked.length).toBeLessThan(250);
    expect(seqsOf(await linesOf(response))).toEqual(upTo(5000));
  });

  it('is refused beyond the number that may run, whose places are given back', async () => {
    await start({ exportsMax: 1, streamPauseBytes: 1024 });
    answer = pagesOf(5000, 10, 'x'.repeat(20_000));
    const first = await rawExport();
    const second = await gateway.fetch(`${BASE}/export`);
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await second.json()).toMatchObject({ code: 'too-many-exports' });
    first.destroy();
    answer = pagesOf(1);
    await waitUntil(async () => (await gateway.fetch(`${BASE}/export`)).status === 200, {
      what: 'the place of the export that was given up',
    });
    answer = () => {
      throw new Rejection('busy', 'Later.');
    };
    const refusals = [await fetchJson('/export'), await fetchJson('/export')]; // The first one gave its place back.
    expect(refusals.map(({ body }) => body.code)).toEqual(['busy', 'busy']);
    answer = pagesOf(1);
    expect((await gateway.fetch(`${BASE}/export`)).status).toBe(200);
  });

  it('is cut off when its client takes nothing for too long', async () => {
    await start({ streamStallMs: 200, streamPauseBytes: 1024 });
    answer = pagesOf(5000, 10, 'x'.repeat(20_000));
    const response = await rawExport();
    const reading = new Promise((resolve) => response.once('error', resolve));
    await waitUntil(() => asked.length > 0 && gateway.app.get(OpenStreams).size === 0, { what: 'the export to be given up' });
    response.resume();
    expect(await reading).toMatchObject({ code: 'ECONNRESET' });
  });

  it('waits for audit in the middle, and is cut off when that takes too long', async () => {
    await start({ historyPatienceMs: 1000 });
    let refusals = 0;
    const found = pagesOf(25);
    answer = (question) => {
      if (seqBehind(question.after) === 11 && refusals++ < 2) throw new Rejection('busy', 'Later.');
      return found(question);
    };
    expect(seqsOf(await linesOf(await rawExport()))).toEqual(upTo(25));
    answer = (question) => {
      if (seqBehind(question.after) === 11) throw new Rejection('busy', 'Later.');
      return found(question);
    };
    await expect(linesOf(await rawExport())).rejects.toThrow('aborted');
  });

  it('has no head', async () => {
    await start();
    expect((await gateway.fetch(`${BASE}/export`, { method: 'HEAD' })).status).toBe(405);
    expect(asked).toEqual([]);
  });
});
