import { SeededRandom } from '@torch/testing';
import { Link } from './link';
import { SimulatedProcess } from './simulated-process';
import { VirtualTime } from './virtual-time';

describe('virtual time', () => {
  it('calls what is due in the order of its time, and then in the order in which it was asked for', async () => {
    const time = new VirtualTime(0);
    const called: string[] = [];
    time.after(20, () => called.push('late'));
    time.after(10, () => called.push('first'));
    time.after(10, () => called.push('second'));
    time.after(15, () => called.push('never'))();
    await time.run(100);
    expect(called).toEqual(['first', 'second', 'late']);
    expect(time.nowMs).toBe(100);
  });

  it('waits for what promises lead to before it goes on', async () => {
    const time = new VirtualTime(0);
    const called: number[] = [];
    void time.pause(10).then(async () => {
      for (let i = 0; i < 50; i++) await Promise.resolve();
      called.push(time.nowMs);
    });
    time.after(15, () => called.push(time.nowMs));
    await time.run(100);
    expect(called).toEqual([10, 15]);
  });
});

describe('a process', () => {
  const world = () => {
    const time = new VirtualTime(0);
    return { time, process: new SimulatedProcess('p', time, new SeededRandom(1)), called: [] as string[] };
  };

  it('does when it goes on what came due while it stood still', async () => {
    const { time, process, called } = world();
    process.after(10, () => called.push('timer'));
    process.pause();
    await time.run(50);
    expect(called).toEqual([]);
    process.resume();
    expect(called).toEqual(['timer']);
  });

  it('does nothing any more once it is killed', async () => {
    const { time, process, called } = world();
    process.after(10, () => called.push('timer'));
    process.kill();
    process.resume();
    await time.run(50);
    expect(called).toEqual([]);
  });
});

describe('a link', () => {
  const linked = (weather: ConstructorParameters<typeof Link>[3] = () => undefined) => {
    const time = new VirtualTime(0);
    const random = new SeededRandom(1);
    return { time, link: new Link(new SimulatedProcess('p', time, random), time, random, weather) };
  };

  it('lets requests take effect in the order in which they were sent, also behind one that is late', async () => {
    const { time, link } = linked((operation) => (operation === 'late' ? { requestMs: 500 } : undefined));
    const effects: string[] = [];
    const send = (operation: string): Promise<unknown> => link.call(operation, async () => effects.push(operation));
    void send('late');
    void send('next');
    await time.run(1000);
    expect(effects).toEqual(['late', 'next']);
  });

  it('says that nobody knows the outcome when the answer is lost, though it took effect', async () => {
    const { time, link } = linked(() => ({ isReplyLost: true }));
    let effects = 0;
    const failed = expect(link.call('append', async () => effects++)).rejects.toMatchObject({
      name: 'LogUnavailable',
      outcomeUnknown: true,
    });
    await time.run(10_000);
    await failed;
    expect(effects).toBe(1);
  });

  it('lets nothing through while it is cut', async () => {
    const { time, link } = linked();
    let effects = 0;
    link.cut();
    link.call('append', async () => effects++).catch(() => undefined);
    await time.run(10_000);
    link.reconnect();
    await time.run(11_000);
    void link.call('append', async () => effects++);
    await time.run(20_000);
    expect(effects).toBe(1);
  });

  it('tells of a new connection before anything is sent over it', async () => {
    const { time, link } = linked();
    const happened: string[] = [];
    link.onReconnect(() => happened.push('told'));
    link.serverReturned();
    link.call('early', async () => happened.push('early')).catch((error: Error) => happened.push(error.name));
    await time.run(100);
    void link.call('late', async () => happened.push('late'));
    await time.run(200);
    expect(happened).toEqual(expect.arrayContaining(['told', 'LogUnavailable', 'late']));
    expect(happened).not.toContain('early');
    expect(happened.indexOf('told')).toBeLessThan(happened.indexOf('late'));
  });

  it('loses with the log server what was on its way to it', async () => {
    const { time, link } = linked(() => ({ requestMs: 500 }));
    let effects = 0;
    link.call('append', async () => effects++).catch(() => undefined);
    time.after(100, () => link.serverReturned());
    await time.run(10_000);
    expect(effects).toBe(0);
  });
});
