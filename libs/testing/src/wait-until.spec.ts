import { waitUntil } from './wait-until';

describe('waiting with a deadline', () => {
  it('returns the first thing that is not false, after looks that gave nothing or threw', async () => {
    const looks = [() => false, () => undefined, () => Promise.reject(new Error('not yet')), () => Promise.resolve('there')];
    expect(await waitUntil<unknown>(() => looks.shift()?.(), { what: 'it is there', everyMs: 1 })).toBe('there');
  });

  it('gives up at the deadline, and says for what it waited and what it saw last', async () => {
    const waiting = waitUntil(() => Promise.reject(new Error('connection refused')), {
      what: 'the server answers',
      deadlineMs: 5,
      everyMs: 1,
    });
    await expect(waiting).rejects.toMatchObject({
      message: 'Not within 5 ms: the server answers.',
      cause: { message: 'connection refused' },
    });
  });
});
