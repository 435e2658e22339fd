import { InMemoryLogServer } from '@torch/log';
import { CommandBacklog } from './command-backlog';
import { SILENT_LOGGER } from './host.ports';
import { NOTHING_CONSUMED } from './partition-state';

const ENTRY_CHARS = 256 * 1024;
const ENTRIES = 40;

describe('the backlog of commands', () => {
  it('is about a MiB, however many large entries wait in the queue, and leaves none out', async () => {
    const queues = new InMemoryLogServer().commands;
    const envelope = { type: 'Unknown', project: 'default', actor: 'user:spec', correlationId: 'c' };
    for (let i = 0; i < ENTRIES; i++)
      await queues.send(0, 'registry', JSON.stringify([{ ...envelope, id: `c-${i}`, data: { text: 'x'.repeat(ENTRY_CHARS) } }]));
    const backlog = new CommandBacklog(
      { queues, partition: 0, service: 'registry', entriesMax: 500, log: SILENT_LOGGER },
      NOTHING_CONSUMED,
    );
    const sizes: number[] = [];
    const taken: string[] = [];
    while (backlog.mayHaveMore) {
      await backlog.fill();
      sizes.push(backlog.size);
      for (let next = backlog.take(); next; next = backlog.take()) taken.push(next.command.id);
    }
    expect(taken).toEqual(Array.from({ length: ENTRIES }, (_, i) => `c-${i}`));
    expect(sizes.slice(1).every((size) => size <= 4)).toBe(true); // The first read knows nothing of their size yet.
  });
});
