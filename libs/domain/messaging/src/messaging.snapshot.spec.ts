import { PART_CHARS_MAX } from '@torch/kernel';
import { messaging, registered, sent } from './history.fixture';

const many = <T>(count: number, of: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => of(n));

describe('the snapshot of messaging', () => {
  it('comes in parts of a limited size, however many messages and members there are', () => {
    const text = 'x'.repeat(16 * 1024);
    const members = many(10_000, (n) => registered(`agent-${n}`));
    const messages = many(100, (n) => sent(['agent-1', `agent-${n}`], `m${n}`)).map(({ data, ...event }) => ({
      ...event,
      data: { ...data, text },
    }));
    const { run } = messaging(...members, ...messages);
    const parts = run.parts();
    expect(parts.length).toBeGreaterThanOrEqual(8);
    expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(PART_CHARS_MAX + 100);
    const before = run.digest();
    expect(run.restart().digest()).toBe(before);
  });

  it('is the same for the same members, whoever came first', () => {
    expect(messaging(registered('a'), registered('b')).run.digest()).toBe(messaging(registered('b'), registered('a')).run.digest());
  });
});
