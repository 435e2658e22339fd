import { compareEntryIds, FIRST_ENTRY_ID } from '../entry-id';
import { COMMAND_ENTRY_BYTES_MAX } from '../log';
import { EntryTooLarge, QueueFull } from '../log.errors';
import type { Checks } from './subject';
import { numbered, PARTITION, SERVICE } from './writers';

export const commandsChecks: Checks = {
  'commands are read in the order of sending, on behind an id, with ids that grow': async ({ connect }) => {
    const { commands } = await connect();
    for (const body of numbered(5)) await commands.send(PARTITION, SERVICE, body);
    const entries = await commands.read(PARTITION, SERVICE, FIRST_ENTRY_ID, 10);
    expect(entries.map(({ body }) => body)).toEqual(numbered(5));
    entries.slice(1).forEach(({ id }, index) => expect(compareEntryIds(id, entries[index]!.id)).toBeGreaterThan(0));
    expect(await commands.read(PARTITION, SERVICE, FIRST_ENTRY_ID, 2)).toEqual(entries.slice(0, 2));
    expect(await commands.read(PARTITION, SERVICE, entries[1]!.id, 2)).toEqual(entries.slice(2, 4));
    expect(await commands.read(PARTITION, SERVICE, entries[4]!.id, 2)).toEqual([]);
  },

  'what one client sends without waiting arrives in its order': async ({ connect }) => {
    const { commands } = await connect();
    await Promise.all(numbered(200).map((body) => commands.send(PARTITION, SERVICE, body)));
    const entries = await commands.read(PARTITION, SERVICE, FIRST_ENTRY_ID, 1000);
    expect(entries.map(({ body }) => body)).toEqual(numbered(200));
  },

  'what is consumed is forgotten, up to and including the id, and ids still grow': async ({ connect }) => {
    const { commands } = await connect();
    for (const body of numbered(4)) await commands.send(PARTITION, SERVICE, body);
    const entries = await commands.read(PARTITION, SERVICE, FIRST_ENTRY_ID, 10);
    await commands.trim(PARTITION, SERVICE, entries[1]!.id);
    expect(await commands.read(PARTITION, SERVICE, FIRST_ENTRY_ID, 10)).toEqual(entries.slice(2));
    await commands.trim(PARTITION, SERVICE, entries[3]!.id);
    expect(await commands.read(PARTITION, SERVICE, FIRST_ENTRY_ID, 10)).toEqual([]);
    await commands.send(PARTITION, SERVICE, 'next');
    const [next] = await commands.read(PARTITION, SERVICE, entries[3]!.id, 10);
    expect(next).toMatchObject({ body: 'next' });
  },

  'a sender can tell whether its entry is still there, as long as nobody has consumed it': async ({ connect }) => {
    const { commands } = await connect();
    const sent: string[] = [];
    for (const body of numbered(3)) sent.push(await commands.send(PARTITION, SERVICE, body));
    const entries = await commands.read(PARTITION, SERVICE, FIRST_ENTRY_ID, 10);
    expect(sent).toEqual(entries.map(({ id }) => id));
    const held = (service: string = SERVICE) => Promise.all(sent.map((id) => commands.holds(PARTITION, service, id)));
    expect(await held()).toEqual([true, true, true]);
    expect(await held('registry')).toEqual([false, false, false]);
    await commands.trim(PARTITION, SERVICE, sent[1]!);
    expect(await held()).toEqual([false, false, true]);
    await commands.trim(PARTITION, SERVICE, sent[2]!);
    expect(await held()).toEqual([false, false, false]);
  },

  'each service on each partition has a queue of its own': async ({ connect }) => {
    const { commands } = await connect();
    await commands.send(PARTITION, SERVICE, 'here');
    expect(await commands.read(PARTITION, 'registry', FIRST_ENTRY_ID, 10)).toEqual([]);
    expect(await commands.read(PARTITION + 1, SERVICE, FIRST_ENTRY_ID, 10)).toEqual([]);
    await commands.trim(PARTITION + 1, SERVICE, '5-0');
    expect(await commands.read(PARTITION, SERVICE, FIRST_ENTRY_ID, 10)).toHaveLength(1);
  },

  'a full queue refuses what comes, and takes it again once something was consumed': async ({ connect }) => {
    const { commands } = await connect({ commandEntriesMax: 3 });
    for (const body of numbered(3)) await commands.send(PARTITION, SERVICE, body);
    const refused = commands.send(PARTITION, SERVICE, 'too many');
    await expect(refused).rejects.toThrow(QueueFull);
    await expect(refused).rejects.toMatchObject({ partition: PARTITION, service: SERVICE, entriesMax: 3 });
    await commands.send(PARTITION, 'registry', 'another queue');
    const entries = await commands.read(PARTITION, SERVICE, FIRST_ENTRY_ID, 10);
    expect(entries.map(({ body }) => body)).toEqual(numbered(3));
    await commands.trim(PARTITION, SERVICE, entries[0]!.id);
    await commands.send(PARTITION, SERVICE, 'fits again');
  },

  'many senders at once do not fill a queue beyond its limit': async ({ connect }) => {
    const clients = [await connect({ commandEntriesMax: 10 }), await connect({ commandEntriesMax: 10 })];
    const sent = Array.from({ length: 40 }, (_, n) => clients[n % 2]!.commands.send(PARTITION, SERVICE, `${n}`));
    const outcomes = await Promise.allSettled(sent);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    expect(await clients[0]!.commands.read(PARTITION, SERVICE, FIRST_ENTRY_ID, 100)).toHaveLength(10);
  },

  'an entry of 1 MiB is taken, one byte more is refused': async ({ connect }) => {
    const { commands } = await connect();
    const large = 'x'.repeat(COMMAND_ENTRY_BYTES_MAX);
    await commands.send(PARTITION, SERVICE, large);
    await expect(commands.send(PARTITION, SERVICE, `${large}x`)).rejects.toThrow(EntryTooLarge);
    const entries = await commands.read(PARTITION, SERVICE, FIRST_ENTRY_ID, 10);
    expect(entries.map(({ body }) => body === large)).toEqual([true]);
  },
};
