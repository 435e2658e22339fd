import { type LogServer, LogUnavailable, type Position } from '@torch/log';
import { fenceOf, PARTITION, writer } from '@torch/log/contract';
import { SeededRandom, startLogServer, waitUntil } from '@torch/testing';
import { connectLogServer } from './dragonfly-log-server';

const CRASHES = 4;
const APPENDS_IN_FLIGHT = 3;

/** What became of one append, as its writer sees it in the end. */
interface Sent {
  readonly bodies: readonly string[];
  outcome: 'there' | 'not there' | 'unknown';
}

async function tryAppend(append: () => Promise<Position>): Promise<Sent['outcome']> {
  try {
    await append();
    return 'there';
  } catch (error) {
    if (!(error instanceof LogUnavailable)) throw error;
    return error.outcomeUnknown ? 'unknown' : 'not there';
  }
}

describe('a server that is killed again and again while a writer appends', () => {
  it('has what was acknowledged once, of what is unknown all or nothing, and nothing else', async () => {
    const seed = Date.now() % 2 ** 31;
    const random = new SeededRandom(seed);
    const server = await startLogServer({ appendfsync: 'always' });
    const client: LogServer = await connectLogServer({ url: server.url, requestMs: 1000 });
    const { lease } = await writer(client);
    const sent: Sent[] = [];
    let finished = false;

    const append = async (): Promise<void> => {
      const bodies = Array.from({ length: random.int(1, 5) }, (_, n) => `append ${sent.length} commit ${n}`);
      const entry: Sent = { bodies, outcome: 'unknown' };
      sent.push(entry);
      // With `seen` at the start the fence holds for any length of the log: only the outcome is looked at here.
      entry.outcome = await tryAppend(() => client.log.append(fenceOf(lease), bodies));
      if (entry.outcome !== 'there') await waitUntil(() => finished || client.ping(), { what: 'the client is connected again' });
    };
    const writers = Array.from({ length: APPENDS_IN_FLIGHT }, async () => {
      while (!finished) await append();
    });
    try {
      for (let crash = 0; crash < CRASHES; crash++) {
        const appendsBefore = sent.length + random.int(20, 200);
        await waitUntil(() => sent.length > appendsBefore, { what: `crash ${crash} is due (seed ${seed})`, everyMs: 1 });
        if (random.chance(0.5)) server.pause();
        await server.kill();
        await server.restart();
      }
      finished = true;
      await Promise.all(writers);
      await waitUntil(() => client.ping(), { what: 'the client is connected again' });
      const found = (await client.log.read(PARTITION, 0, 100_000)).map(({ body }) => body);
      expect({ seed, problems: problemsIn(found, sent) }).toEqual({ seed, problems: [] });
      expect(sent.filter(({ outcome }) => outcome === 'unknown').length).toBeGreaterThan(0);
    } finally {
      finished = true;
      await client.close();
      await server.stop();
    }
  });
});

function problemsIn(found: readonly string[], sent: readonly Sent[]): string[] {
  const problems: string[] = [];
  const indexes = new Map(found.map((body, index) => [body, index]));
  if (indexes.size !== found.length) problems.push('A commit is in the log twice.');
  let expected = 0;
  for (const { bodies, outcome } of sent) {
    const there = bodies.map((body) => indexes.get(body)).filter((index) => index !== undefined);
    expected += there.length;
    if (there.length !== 0 && there.length !== bodies.length) problems.push(`Only a part is there of: ${bodies.join(', ')}`);
    if (there.some((index, n) => index !== (there[0] as number) + n)) problems.push(`Not together: ${bodies.join(', ')}`);
    if (outcome === 'there' && there.length === 0) problems.push(`Acknowledged and lost: ${bodies[0]}`);
    if (outcome === 'not there' && there.length > 0) problems.push(`Refused and there: ${bodies[0]}`);
  }
  if (expected !== found.length) problems.push('The log holds what nobody appended.');
  return problems;
}
