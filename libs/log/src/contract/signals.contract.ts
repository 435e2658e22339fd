import type { Checks } from './subject';
import { numbered } from './writers';

export const signalsChecks: Checks = {
  'a signal reaches everybody who listens on its channel, and says how many': async ({ connect, eventually }) => {
    const [one, two, sender] = [await connect(), await connect(), await connect()];
    const received: string[] = [];
    await one.signals.listen('replies:a', (body) => received.push(`one ${body}`));
    await two.signals.listen('replies:a', (body) => received.push(`two ${body}`));
    await two.signals.listen('replies:b', (body) => received.push(`other ${body}`));
    expect(await sender.signals.publish('replies:a', 'hello')).toBe(2);
    await eventually(() => received.length === 2, 'both receive');
    expect(received.sort()).toEqual(['one hello', 'two hello']);
  },

  'a signal that nobody listens for is gone': async ({ connect }) => {
    const { signals } = await connect();
    expect(await signals.publish('replies:a', 'hello')).toBe(0);
  },

  'signals of one sender arrive in its order, whatever text they are': async ({ connect, eventually }) => {
    const { signals } = await connect();
    const received: string[] = [];
    await signals.listen('{p03}:requests:scheduler', (body) => received.push(body));
    const sent = [...numbered(300), '', 'ü\0\r\n'];
    await Promise.all(sent.map((body) => signals.publish('{p03}:requests:scheduler', body)));
    await eventually(() => received.length === sent.length, 'all are received');
    expect(received).toEqual(sent);
  },

  'who stops listening receives nothing more, and the others still do': async ({ connect, eventually }) => {
    const { signals } = await connect();
    const received: string[] = [];
    const stop = await signals.listen('replies:a', () => received.push('stopped one'));
    await signals.listen('replies:a', (body) => received.push(body));
    await stop();
    await stop();
    await signals.publish('replies:a', 'hello');
    await eventually(() => received.length > 0, 'it is received');
    expect(received).toEqual(['hello']);
  },

  'the last one that stops listening leaves the channel, and it can be listened to again': async ({ connect, eventually }) => {
    const { signals } = await connect();
    const stop = await signals.listen('replies:a', () => undefined);
    await stop();
    expect(await signals.publish('replies:a', 'nobody')).toBe(0);
    const received: string[] = [];
    await signals.listen('replies:a', (body) => received.push(body));
    expect(await signals.publish('replies:a', 'somebody')).toBe(1);
    await eventually(() => received.length === 1, 'it is received');
  },
};
