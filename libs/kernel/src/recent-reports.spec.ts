import { canonicalJson } from './canonical-json';
import { RecentReports } from './recent-reports';

const LIMITS = { perReporterMax: 2, windowMs: 100, reportersMax: 2 };

function noted(...reports: readonly [reporter: string, report: string, atMs: number][]): RecentReports {
  const recent = new RecentReports(LIMITS);
  for (const report of reports) recent.note(...report);
  return recent;
}

describe('recent reports', () => {
  it('tell a new one from one that was recorded', () => {
    const recent = noted(['a', 'x', 0]);
    expect([recent.judge('a', 'x', 50), recent.judge('a', 'y', 50), recent.judge('b', 'x', 50)]).toEqual(['again', 'new', 'new']);
  });

  it('are limited for each reporter, until its window is over', () => {
    const recent = noted(['a', 'x', 0], ['a', 'y', 99]);
    expect([recent.judge('a', 'z', 99), recent.judge('a', 'y', 99), recent.judge('b', 'z', 99)]).toEqual(['too-many', 'again', 'new']);
    expect([recent.judge('a', 'z', 100), recent.judge('a', 'x', 100)]).toEqual(['new', 'new']);
  });

  it('begin a new window with the first report after the one before', () => {
    const recent = noted(['a', 'x', 0], ['a', 'y', 150]);
    expect([recent.judge('a', 'y', 249), recent.judge('a', 'x', 249), recent.judge('a', 'y', 250)]).toEqual(['again', 'new', 'new']);
  });

  it('are kept of a limited number of reporters, those whose window is newest', () => {
    const recent = noted(['a', 'x', 0], ['b', 'x', 1], ['a', 'y', 2], ['c', 'x', 3]);
    expect(recent.encode().map(([reporter]) => reporter)).toEqual(['b', 'c']);
  });

  it('come back whole from a snapshot', () => {
    const recent = noted(['a', 'x', 0], ['b', 'x', 1], ['b', 'y', 2]);
    const decoded = RecentReports.decode(LIMITS, JSON.parse(JSON.stringify(recent.encode())));
    expect(canonicalJson(decoded.encode())).toBe(canonicalJson(recent.encode()));
    expect([decoded.judge('b', 'z', 3), decoded.judge('a', 'x', 3)]).toEqual(['too-many', 'again']);
  });
});
