import { Gap, LogRegressed } from '../log.errors';
import { formatPosition } from '../position';
import type { Checks } from './subject';
import { numbered, PARTITION, writer } from './writers';

/** What a reader proves, and what trimming may take away. */
export const readingChecks: Checks = {
  'a reader that finds a gap is stopped, and told where it is': async ({ connect, removeEntry }) => {
    const { append, server } = await writer(await connect());
    await append(...numbered(5));
    await removeEntry(PARTITION, '3-0');
    await expect(server.log.read(PARTITION, 0, 10)).rejects.toThrow(Gap);
    await expect(server.log.read(PARTITION, 2, 10)).rejects.toMatchObject({ partition: PARTITION, expectedSeq: 3, found: { seq: 4 } });
    expect(await server.log.read(PARTITION, 0, 2)).toHaveLength(2);
    expect(await server.log.read(PARTITION, 3, 10)).toHaveLength(2);
  },

  'a reader at the end of a log whose end was cut off is told': async ({ connect, loseTail, removeEntry }) => {
    const { append, server } = await writer(await connect());
    await append(...numbered(5));
    await removeEntry(PARTITION, '5-0');
    await expect(server.log.read(PARTITION, 4, 10)).rejects.toThrow(Gap);
    await loseTail(PARTITION, 3);
    await expect(server.log.read(PARTITION, 5, 10)).rejects.toThrow(LogRegressed);
  },

  'readers see whole appends only, without a hole, while a writer appends': async ({ connect }) => {
    const { append } = await writer(await connect());
    const reader = await connect();
    let done = false;
    const writing = (async () => {
      for (let round = 0; round < 40; round++) await append(...numbered(5, round * 5 + 1));
      done = true;
    })();
    const bodies: string[] = [];
    for (let finished = false; !finished;) {
      finished = done;
      const entries = await reader.log.read(PARTITION, bodies.length, 1000);
      expect(entries.length % 5).toBe(0);
      bodies.push(...entries.map(({ body }) => body));
    }
    await writing;
    expect(bodies).toEqual(numbered(200));
  },

  'nothing is trimmed before somebody has said what is no longer needed': async ({ connect }) => {
    const { append, server } = await writer(await connect());
    await append(...numbered(5));
    await expect(server.log.trim(PARTITION, 2)).rejects.toThrow(RangeError);
    expect(await server.log.first(PARTITION)).toEqual({ seq: 1, generation: 0 });
  },

  'the log is trimmed up to what the last of its readers needs, and not further': async ({ connect }) => {
    const { append, server } = await writer(await connect());
    const { log } = server;
    await append(...numbered(9));
    await log.setTrimGuard(PARTITION, 'snapshot', 8);
    await log.setTrimGuard(PARTITION, 'archive', 4);
    await expect(log.trim(PARTITION, 5)).rejects.toThrow(RangeError);
    await log.trim(PARTITION, 4);
    expect(formatPosition((await log.first(PARTITION))!)).toBe('4-0');
    await log.setTrimGuard(PARTITION, 'archive', 9);
    expect(Math.min(...(await log.trimGuards(PARTITION)).values())).toBe(8);
    await expect(log.trim(PARTITION, 9)).rejects.toThrow(/8/);
    await log.trim(PARTITION, 8);
    expect((await log.read(PARTITION, 7, 10)).map(({ body }) => body)).toEqual(['entry 8', 'entry 9']);
  },

  'a reader that needs what has been trimmed away finds a gap': async ({ connect }) => {
    const { append, server } = await writer(await connect());
    await append(...numbered(5));
    await server.log.setTrimGuard(PARTITION, 'archive', 6);
    await server.log.trim(PARTITION, 4);
    await expect(server.log.read(PARTITION, 0, 10)).rejects.toThrow(Gap);
    await expect(server.log.read(PARTITION, 2, 10)).rejects.toThrow(Gap);
    expect(await server.log.read(PARTITION, 3, 10)).toHaveLength(2);
  },

  'a log that was trimmed whole goes on where it was': async ({ connect }) => {
    const { append, server } = await writer(await connect());
    await append(...numbered(3));
    await server.log.setTrimGuard(PARTITION, 'archive', 4);
    await server.log.trim(PARTITION, 4);
    expect(await server.log.first(PARTITION)).toBeUndefined();
    expect(await server.log.head(PARTITION)).toEqual({ seq: 3, generation: 0 });
    await expect(server.log.read(PARTITION, 2, 10)).rejects.toThrow(Gap);
    expect(await server.log.read(PARTITION, 3, 10)).toEqual([]);
    expect(await append('goes on')).toEqual({ seq: 4, generation: 0 });
    expect(await server.log.read(PARTITION, 3, 10)).toHaveLength(1);
  },
};
