import fc from 'fast-check';
import { cronProblem, isTimeZone, lastTimesMs, nextTimeMs, type Recurrence } from './next-time';

const BERLIN = 'Europe/Berlin';

/** The next `count` times after an ISO instant, as ISO instants. */
function timesAfter(cron: string, timeZone: string, from: string, count: number): string[] {
  const times: string[] = [];
  for (let atMs: number | undefined = Date.parse(from); times.length < count;) {
    atMs = nextTimeMs({ cron, timeZone }, atMs);
    if (atMs === undefined) break;
    times.push(new Date(atMs).toISOString().replace(':00.000Z', 'Z'));
  }
  return times;
}

describe('the next time of a cron expression', () => {
  it('is by the clocks of the zone, in summer and in winter', () => {
    expect(timesAfter('0 9 * * 1-5', BERLIN, '2026-07-03T12:00Z', 2)).toEqual(['2026-07-06T07:00Z', '2026-07-07T07:00Z']);
    expect(timesAfter('0 9 * * 1-5', BERLIN, '2026-01-02T12:00Z', 2)).toEqual(['2026-01-05T08:00Z', '2026-01-06T08:00Z']);
    expect(timesAfter('30 17 * * *', 'Asia/Kolkata', '2026-01-01T00:00Z', 1)).toEqual(['2026-01-01T12:00Z']);
  });

  it('is later than the time that it is asked for, also when that is one of its times', () => {
    expect(timesAfter('*/15 * * * *', 'UTC', '2026-01-01T00:00Z', 2)).toEqual(['2026-01-01T00:15Z', '2026-01-01T00:30Z']);
    expect(nextTimeMs({ cron: '* * * * * *', timeZone: 'UTC' }, 1_000_999)).toBe(1_001_000);
  });

  it('takes seconds, names and nicknames', () => {
    expect(nextTimeMs({ cron: '*/10 * * * * *', timeZone: 'UTC' }, Date.parse('2026-01-01T00:00:01Z'))).toBe(
      Date.parse('2026-01-01T00:00:10Z'),
    );
    expect(timesAfter('0 0 * jan MON', 'UTC', '2026-01-01T00:00Z', 1)).toEqual(['2026-01-05T00:00Z']);
    expect(timesAfter('@daily', 'UTC', '2026-01-01T00:00Z', 1)).toEqual(['2026-01-02T00:00Z']);
    expect(timesAfter('0 0 29 2 *', 'UTC', '2026-01-01T00:00Z', 2)).toEqual(['2028-02-29T00:00Z', '2032-02-29T00:00Z']);
  });

  it('is absent when there is no such day', () => {
    expect(nextTimeMs({ cron: '0 0 30 2 *', timeZone: 'UTC' }, 0)).toBeUndefined();
  });
});

describe('when clocks go forward in spring', () => {
  it('a daily time that does not exist runs at the first moment after the gap, once', () => {
    expect(timesAfter('30 2 * * *', BERLIN, '2026-03-28T12:00Z', 2)).toEqual(['2026-03-29T01:00Z', '2026-03-30T00:30Z']);
    expect(timesAfter('30 2 * * *', 'America/New_York', '2026-03-08T00:00Z', 2)).toEqual(['2026-03-08T07:00Z', '2026-03-09T06:30Z']);
  });

  it('an interval goes on through it in real time', () => {
    expect(timesAfter('*/30 * * * *', BERLIN, '2026-03-29T00:01Z', 3)).toEqual([
      '2026-03-29T00:30Z',
      '2026-03-29T01:00Z',
      '2026-03-29T01:30Z',
    ]);
  });
});

describe('when clocks go back in autumn', () => {
  it('a daily time that comes twice runs at the first, once', () => {
    expect(timesAfter('30 2 * * *', BERLIN, '2026-10-24T12:00Z', 2)).toEqual(['2026-10-25T00:30Z', '2026-10-26T01:30Z']);
    expect(timesAfter('30 1 * * *', 'America/New_York', '2026-11-01T00:00Z', 2)).toEqual(['2026-11-01T05:30Z', '2026-11-02T06:30Z']);
  });

  it('an interval runs in both of the hours that have one name', () => {
    expect(timesAfter('*/30 2 * * *', BERLIN, '2026-10-25T00:00Z', 4)).toEqual([
      '2026-10-25T00:30Z',
      '2026-10-25T01:00Z',
      '2026-10-25T01:30Z',
      '2026-10-26T01:00Z',
    ]);
  });
});

describe('the last times of a cron expression', () => {
  it('include the moment that they are asked for', () => {
    const hourly = { cron: '@hourly', timeZone: 'UTC' };
    expect(lastTimesMs(hourly, 7_200_000, 2)).toEqual([3_600_000, 7_200_000]);
    expect(lastTimesMs(hourly, 7_199_999, 2)).toEqual([0, 3_600_000]);
  });

  it('are those that come next, one after the other, in every zone and season', () => {
    const recurrences = fc.record<Recurrence>({
      cron: fc.constantFrom(
        '*/7 * * * *',
        '30 2 * * *',
        '15 1,2,3 * * 0',
        '0 */2 * * *',
        '@hourly',
        '45 2-3 28-31 * *',
        '*/50 * 1-3 * * 0',
      ),
      timeZone: fc.constantFrom('UTC', BERLIN, 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'America/Sao_Paulo'),
    });
    const fromMs = fc.oneof(
      fc.integer({ min: Date.parse('2026-03-28T20:00Z'), max: Date.parse('2026-03-29T06:00Z') }),
      fc.integer({ min: Date.parse('2026-10-24T20:00Z'), max: Date.parse('2026-10-25T06:00Z') }),
      fc.integer({ min: 0, max: Date.parse('2040-01-01T00:00Z') }),
    );
    fc.assert(
      fc.property(recurrences, fromMs, (recurrence, startMs) => {
        const forward: number[] = [];
        for (let atMs = startMs; forward.length < 8; forward.push(atMs)) atMs = nextTimeMs(recurrence, atMs) as number;
        const untilMs = forward.at(-1) as number;
        expect(lastTimesMs(recurrence, untilMs, 8)).toEqual(forward);
      }),
    );
  });
});

describe('times of a cron expression', () => {
  const RealDate = Date;
  afterEach(() => {
    globalThis.Date = RealDate;
    jest.restoreAllMocks();
  });

  it('are found without a look at the clock', () => {
    const clock = (): never => {
      throw new Error('The clock was read.');
    };
    jest.spyOn(RealDate, 'now').mockImplementation(clock);
    globalThis.Date = new Proxy(RealDate, {
      construct: (target, args: unknown[], newTarget) =>
        args.length === 0 ? clock() : (Reflect.construct(target, args, newTarget) as object),
      apply: clock,
    });
    expect(() => new Date()).toThrow('The clock was read.');
    expect(() => Date.now()).toThrow('The clock was read.');

    expect(nextTimeMs({ cron: '30 2 * * *', timeZone: BERLIN }, RealDate.parse('2026-03-28T12:00Z'))).toBe(
      RealDate.parse('2026-03-29T01:00Z'),
    );
    expect(nextTimeMs({ cron: '*/30 2 * * *', timeZone: BERLIN }, RealDate.parse('2026-10-25T00:31Z'))).toBe(
      RealDate.parse('2026-10-25T01:00Z'),
    );
    expect(lastTimesMs({ cron: '*/30 2 * * *', timeZone: BERLIN }, RealDate.parse('2026-10-25T01:00Z'), 2)).toEqual([
      RealDate.parse('2026-10-25T00:30Z'),
      RealDate.parse('2026-10-25T01:00Z'),
    ]);
    expect([cronProblem('0 9 * * 1-5'), isTimeZone(BERLIN)]).toEqual([undefined, true]);
  });
});

describe('what is no cron expression', () => {
  it.each([
    ['', /it has 1 field, and needs five/],
    ['* * * *', /it has 4 fields, and needs five/],
    ['0 0 9 * * 1 2027', /it has 7 fields/],
    ['61 * * * *', /its minute is "61"/],
    ['0 25 * * *', /its hour is "25"/],
    ['0 0 32 * *', /its day of month is "32"/],
    ['0 0 * 13 *', /its month is "13"/],
    ['0 0 * * 8', /its day of week is "8"/],
    ['70 0 9 * * 1', /its second is "70"/],
    ['*/0 * * * *', /its minute is "\*\/0"/],
    ['5/10 * * * *', /its minute is "5\/10"/],
    ['0 9-8 * * *', /its hour is "9-8"/],
    ['0 9 * * FUNDAY', /its day of week is "FUNDAY"/],
    ['2030-01-01T00:00:00 * * * *', /its minute is "2030-01-01T00:00:00": it contains a character/],
    ['2030-01-01T00:00:00', /it has 1 field/],
    ['@reboot', /none of @yearly/],
    ['@fortnightly', /none of @yearly/],
  ])('is named with its field: "%s"', (cron, problem) => {
    expect(cronProblem(cron)).toMatch(problem);
  });

  it.each(['0 9 * * 1-5', '*/5 * * * *', '0 0 L * *', '0 9 * * MON#1', '0 12 1 * +MON', '15 10 15W * ?', '@weekly', '  0 9 * * *  '])(
    'is not "%s"',
    (cron) => {
      expect(cronProblem(cron)).toBeUndefined();
    },
  );

  it('never goes by unnoticed: what is accepted has a next time or none, and throws nothing', () => {
    const piece = fc.constantFrom('*', '0', '5', '59', '1-3', '*/2', '?', 'L', '1,2', 'MON', 'x', '99', '2-1', '#', '15W', ':', '@daily');
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 7 }), (fields) => {
        const cron = fields.join(' ');
        if (cronProblem(cron) !== undefined) return;
        const next = nextTimeMs({ cron, timeZone: BERLIN }, 1_780_000_000_000);
        expect(next === undefined || next > 1_780_000_000_000).toBe(true);
      }),
    );
  });
});

describe('a time zone', () => {
  it('has a name of the IANA data base', () => {
    expect(['UTC', BERLIN, 'Etc/GMT+5', 'America/Argentina/Buenos_Aires'].map(isTimeZone)).toEqual([true, true, true, true]);
    expect(['Mars/Olympus', '+02:00', '', 'Europe/Berlin ', 'Europe'].map(isTimeZone)).toEqual([false, false, false, false, false]);
  });
});
