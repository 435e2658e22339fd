import { periodOf } from './report.period';

describe('the period of a report', () => {
  it.each([
    [{ from: '2026-11-01' }, { fromMs: Date.UTC(2026, 10, 1) }],
    [{ from: '2026-11-01T08:30' }, { fromMs: Date.UTC(2026, 10, 1, 8, 30) }],
    [{ from: '2026-11-01T08:30:15.250Z' }, { fromMs: Date.UTC(2026, 10, 1, 8, 30, 15, 250) }],
    [{ from: '2026-11-01T08:30:00+02:00' }, { fromMs: Date.UTC(2026, 10, 1, 6, 30) }],
    [{ to: '2026-11-30' }, { toMs: Date.UTC(2026, 11, 1) }],
    [{ to: '2026-11-30T00:00:00Z' }, { toMs: Date.UTC(2026, 10, 30) }],
    [
      { from: '2026-11-05', to: '2026-11-05' },
      { fromMs: Date.UTC(2026, 10, 5), toMs: Date.UTC(2026, 10, 6) },
    ],
    [{}, {}],
  ])('%j', (given, period) => expect(periodOf(given)).toEqual(period));

  it.each([
    [{ from: 'yesterday' }, '--from "yesterday" must be a date'],
    [{ to: '2026-13-01' }, '--to "2026-13-01" must be a date'],
    [{ to: '1700000000000' }, '--to "1700000000000" must be a date'],
    [{ from: '2026-11-02', to: '2026-11-01' }, '--from "2026-11-02" must be before --to "2026-11-01".'],
  ])('%j is wrong usage', (given, message) => expect(() => periodOf(given)).toThrow(message));
});
