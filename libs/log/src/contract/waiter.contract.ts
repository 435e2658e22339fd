import { FIRST_ENTRY_ID } from '../entry-id';
import { type WaitFor, type Waiter, WAIT_MS_MAX } from '../log';
import { LogUnavailable } from '../log.errors';
import type { Checks, LogServerSubject } from './subject';
import { PARTITION, SERVICE, writer } from './writers';

/** Resolves to true when the wait ended by itself, to false when it lasted to its limit. */
async function wokenEarly(waiting: Promise<void>): Promise<boolean> {
  const startedAtMs = performance.now();
  await waiting;
  return performance.now() - startedAtMs < WAIT_MS_MAX * 0.9;
}

/** Waits once for what is there already, so that the waiter's connection is open afterwards. */
async function warm(waiter: Waiter, what: WaitFor): Promise<void> {
  await waiter.wait({ ...what, afterSeq: 0 });
}

async function settles(subject: LogServerSubject, waiting: Promise<void>): Promise<void> {
  let settled = false;
  void waiting.then(() => (settled = true));
  await subject.eventually(() => settled, 'the wait ends');
}

export const waiterChecks: Checks = {
  'a wait ends when the log goes on': async ({ connect }) => {
    const { append, server } = await writer(await connect());
    await append('there');
    const waiter = (await connect()).waiter();
    await warm(waiter, { partition: PARTITION, afterSeq: 1 });
    const woken = wokenEarly(waiter.wait({ partition: PARTITION, afterSeq: 1, commands: { service: SERVICE, afterId: FIRST_ENTRY_ID } }));
    await server.ping();
    await append('next');
    expect(await woken).toBe(true);
  },

  'a wait ends when a command comes': async ({ connect }) => {
    const { append, server } = await writer(await connect());
    await append('there');
    const waiter = (await connect()).waiter();
    await warm(waiter, { partition: PARTITION, afterSeq: 1 });
    const woken = wokenEarly(waiter.wait({ partition: PARTITION, afterSeq: 1, commands: { service: SERVICE, afterId: FIRST_ENTRY_ID } }));
    await server.ping();
    await server.commands.send(PARTITION, SERVICE, 'command');
    expect(await woken).toBe(true);
  },

  'a wait for what is there already ends at once': async ({ connect }) => {
    const { append, server } = await writer(await connect());
    await append('there');
    await server.commands.send(PARTITION, SERVICE, 'command');
    const waiter = server.waiter();
    expect(await wokenEarly(waiter.wait({ partition: PARTITION, afterSeq: 0 }))).toBe(true);
    const commands = { service: SERVICE, afterId: FIRST_ENTRY_ID };
    expect(await wokenEarly(waiter.wait({ partition: PARTITION, afterSeq: 1, commands }))).toBe(true);
  },

  'a wait for what does not come ends all the same': async (subject) => {
    const waiter = (await subject.connect()).waiter();
    await settles(subject, waiter.wait({ partition: PARTITION, afterSeq: 0 }));
  },

  'waiting does not hold up anything else': async (subject) => {
    const server = await subject.connect();
    const waiting = server.waiter().wait({ partition: PARTITION, afterSeq: 0 });
    expect(await wokenEarly(server.ping().then(() => undefined))).toBe(true);
    await server.close();
    await waiting;
  },

  'a wait that is interrupted by closing ends, and none begins after it': async ({ connect }) => {
    const waiter = (await connect()).waiter();
    const woken = wokenEarly(waiter.wait({ partition: PARTITION, afterSeq: 0 }));
    await waiter.close();
    expect(await woken).toBe(true);
    await expect(waiter.wait({ partition: PARTITION, afterSeq: 0 })).rejects.toThrow(LogUnavailable);
  },

  'a waiter waits for one thing at a time': async ({ connect }) => {
    const waiter = (await connect()).waiter();
    const waiting = waiter.wait({ partition: PARTITION, afterSeq: 0 });
    await expect(waiter.wait({ partition: PARTITION, afterSeq: 0 })).rejects.toThrow('one thing at a time');
    await waiter.close();
    await waiting;
  },
};
