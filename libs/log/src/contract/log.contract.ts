import { COMMIT_BYTES_MAX } from '../log';
import { EntryTooLarge } from '../log.errors';
import { formatPosition, START } from '../position';
import type { Checks } from './subject';
import { fenceOf, numbered, PARTITION, writer } from './writers';

/** Appending, reading and the limits of the log, with one writer and nothing going wrong. */
export const logChecks: Checks = {
  'an empty log ends at the start, has no first entry and reads as nothing': async ({ connect }) => {
    const { log } = await connect();
    expect(await log.head(PARTITION)).toEqual(START);
    expect(await log.first(PARTITION)).toBeUndefined();
    expect(await log.read(PARTITION, 0, 10)).toEqual([]);
  },

  'the commits of one append get contiguous positions from 1, and are read back in order by another client': async ({ connect }) => {
    const { append } = await writer(await connect());
    expect(await append('one', 'two')).toEqual({ seq: 1, generation: 0 });
    expect(await append('three')).toEqual({ seq: 3, generation: 0 });
    const { log } = await connect();
    expect(await log.head(PARTITION)).toEqual({ seq: 3, generation: 0 });
    expect(await log.first(PARTITION)).toEqual({ seq: 1, generation: 0 });
    const entries = await log.read(PARTITION, 0, 10);
    expect(entries.map(({ position, body }) => `${formatPosition(position)} ${body}`)).toEqual(['1-0 one', '2-0 two', '3-0 three']);
  },

  'a reader goes on behind its position, by as many entries as it asks for': async ({ connect }) => {
    const { append, server } = await writer(await connect());
    await append(...numbered(5));
    expect((await server.log.read(PARTITION, 1, 2)).map(({ position }) => position.seq)).toEqual([2, 3]);
    expect((await server.log.read(PARTITION, 4, 2)).map(({ position }) => position.seq)).toEqual([5]);
    expect(await server.log.read(PARTITION, 5, 2)).toEqual([]);
  },

  'partitions are separate logs': async ({ connect }) => {
    const { append, server } = await writer(await connect());
    await append('here');
    expect(await server.log.head(PARTITION + 1)).toEqual(START);
    expect(await server.log.read(PARTITION + 1, 0, 10)).toEqual([]);
  },

  'any text comes back as it was': async ({ connect }) => {
    const { append, server } = await writer(await connect());
    const bodies = ['', '\0\r\n"\\\'', 'ü 𝄞 漢 \u2028', '%d %s {} [[ ]] ${}', '-FENCED ERR'];
    await append(...bodies);
    expect((await server.log.read(PARTITION, 0, 10)).map(({ body }) => body)).toEqual(bodies);
  },

  'a commit of exactly 1 MiB is taken, and several at once': async ({ connect }) => {
    const { append, server } = await writer(await connect());
    const large = 'é'.repeat(COMMIT_BYTES_MAX / 2);
    await append(large, large, large);
    const entries = await server.log.read(PARTITION, 0, 10);
    expect(entries.map(({ body }) => body === large)).toEqual([true, true, true]);
  },

  'a commit of one byte over 1 MiB is refused, and nothing beside it is appended': async ({ connect }) => {
    const { append, server } = await writer(await connect());
    await expect(append('fits', `${'é'.repeat(COMMIT_BYTES_MAX / 2)}x`)).rejects.toThrow(EntryTooLarge);
    expect(await server.log.head(PARTITION)).toEqual(START);
  },

  '10,000 events in one batch of several commits are all there, in order': async ({ connect }) => {
    const { append, server } = await writer(await connect());
    const event = (n: number) => ({ n, text: 'x'.repeat(480) });
    const commits = Array.from({ length: 100 }, (_, c) => JSON.stringify(Array.from({ length: 100 }, (_, e) => event(c * 100 + e))));
    expect(await append(...commits)).toEqual({ seq: 1, generation: 0 });
    const found: number[] = [];
    for (let afterSeq = 0; afterSeq < 100; afterSeq += 40) {
      const entries = await server.log.read(PARTITION, afterSeq, 40);
      for (const { body } of entries) found.push(...(JSON.parse(body) as { n: number }[]).map(({ n }) => n));
    }
    expect(found).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
  },

  'an append without a commit, and one in an older generation than was seen, are refused': async ({ connect }) => {
    const { append, lease, server } = await writer(await connect());
    await expect(append()).rejects.toThrow(RangeError);
    const fence = fenceOf(lease, { seq: 0, generation: 2 }, 1);
    await expect(server.log.append(fence, ['older'])).rejects.toThrow(RangeError);
  },

  'the next generation goes on with the next seq, and readers follow it': async ({ connect }) => {
    const { append, lease, server } = await writer(await connect());
    await append('a', 'b');
    const opened = await server.log.append(fenceOf(lease, { seq: 2, generation: 0 }, 1), ['opens generation 1', 'd']);
    expect(opened).toEqual({ seq: 3, generation: 1 });
    expect(await append('e')).toEqual({ seq: 5, generation: 1 });
    const positions = (await server.log.read(PARTITION, 0, 10)).map(({ position }) => formatPosition(position));
    expect(positions).toEqual(['1-0', '2-0', '3-1', '4-1', '5-1']);
  },
};
