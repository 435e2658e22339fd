import type { SseConnection } from '../adapters/sse-connection.adapter';
import { OrderedPushes } from './ordered-pushes';

function connection() {
  const sent: string[] = [];
  let ended: string | undefined;
  return {
    sent,
    get ended() {
      return ended;
    },
    get closed() {
      return ended !== undefined;
    },
    send: (frame: string) => (ended === undefined ? sent.push(frame) > 0 : false),
    end: (reason: string) => (ended = reason),
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

function pushes(pendingMax = 10) {
  const wire = connection();
  return { wire, ordered: new OrderedPushes(wire as unknown as SseConnection, pendingMax) };
}

describe('what comes for an agent', () => {
  it('is held back until everything open is sent', async () => {
    const { wire, ordered } = pushes();
    ordered.push({ key: 'm2', frame: 'two' });
    expect(wire.sent).toEqual([]);
    ordered.release([{ key: 'm1', frame: 'one' }]);
    await settled();
    expect(wire.sent).toEqual(['one', 'two']);
  });

  it('is sent once although it is open and comes again, even late', async () => {
    const { wire, ordered } = pushes();
    ordered.push({ key: 'm1', frame: 'one' });
    ordered.release([
      { key: 'm1', frame: 'one' },
      { key: 'm2', frame: 'two' },
    ]);
    await settled();
    ordered.push({ key: 'm2', frame: 'two' });
    ordered.push({ key: 'm3', frame: 'three' });
    expect(wire.sent).toEqual(['one', 'two', 'three']);
  });

  it('goes out at once when nothing is in front of it', async () => {
    const { wire, ordered } = pushes();
    ordered.release([]);
    await settled();
    let sent = 0;
    ordered.push({ key: 'a', frame: 'a', sent: () => sent++ });
    expect([wire.sent, sent]).toEqual([['a'], 1]);
  });

  it('keeps its order while something is looked up', async () => {
    const { wire, ordered } = pushes();
    ordered.release([]);
    await settled();
    let found: (frame: string) => void = () => undefined;
    ordered.push({ key: 'work', frame: new Promise((resolve) => (found = resolve)) });
    ordered.push({ key: 'cancel', frame: 'cancel' });
    await settled();
    expect(wire.sent).toEqual([]);
    found('work');
    await settled();
    expect(wire.sent).toEqual(['work', 'cancel']);
  });

  it('is left out when there turns out to be nothing to send', async () => {
    const { wire, ordered } = pushes();
    ordered.release([]);
    await settled();
    ordered.push({ key: 'work', frame: Promise.resolve(undefined) });
    ordered.push({ key: 'b', frame: 'b' });
    await settled();
    expect(wire.sent).toEqual(['b']);
  });

  it('ends the connection when it cannot be looked up, so that the agent comes back for all of it', async () => {
    const { wire, ordered } = pushes();
    ordered.release([]);
    await settled();
    ordered.push({ key: 'work', frame: Promise.reject(new Error('away')) });
    await settled();
    expect(wire.ended).toContain('could not be looked up (Error: away)');
  });

  it('ends the connection when too much of it waits', () => {
    const { wire, ordered } = pushes(2);
    for (const key of ['a', 'b', 'c']) ordered.push({ key, frame: key });
    expect(wire.ended).toBe('2 events wait for it');
  });
});
