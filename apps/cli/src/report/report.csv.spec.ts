import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditReport } from '@torch/contracts';
import { FIXTURE_COMMITS, HOSTILE, writeArchive } from './archive.fixture';
import { auditReport } from './audit.report';
import { CSV_HEADER, csvField, csvLines, csvReport } from './report.csv';

const folder = mkdtempSync(join(tmpdir(), 'torch-report-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fixtureReport = (): Promise<AuditReport> =>
  auditReport({
    dir: writeArchive(join(folder, 'audit'), FIXTURE_COMMITS),
    project: 'default',
    period: {},
    generatedAtMs: 1_800_000_000_000,
    checkIntegrity: async () => ({ keysGiven: false, partitions: [], keys: [] }),
  });

/** As RFC 4180 says that a file is read. */
function parsed(text: string): string[][] {
  const rows: string[][] = [[]];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  for (let match = field.exec(text); match; match = field.exec(text)) {
    rows.at(-1)?.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '\r\n') rows.push([]);
  }
  expect(rows.pop()).toEqual([]);
  return rows;
}

describe('the CSV of a report', () => {
  it('reads back as what was written, a line for each value', async () => {
    const report = await fixtureReport();
    const [header, ...rows] = parsed(csvReport(report));
    expect(header).toEqual([...CSV_HEADER]);
    const unguarded = rows.map((fields) => fields.map((text) => text.replace(/^'(?=[=+\-@])/, '')));
    expect(unguarded).toEqual(csvLines(report).map((line) => CSV_HEADER.map((column) => line[column])));
    expect(unguarded).toContainEqual(['work.runs', '1', 'run-1', 'name', HOSTILE]);
    expect(unguarded).toContainEqual(['actors.rows.types', '2.1', expect.any(String), 'events', expect.any(String)]);
    expect(unguarded).toContainEqual(['report', '', '', 'generatedAtMs', '2027-01-15T08:00:00.000Z']);
  });

  it('has nothing that a spreadsheet takes for a formula', async () => {
    const fields = parsed(csvReport(await fixtureReport())).flat();
    expect(fields.some((text) => text.startsWith("'=HYPERLINK"))).toBe(true);
    expect(fields.filter((text) => /^[=+\-@\t\r]/.test(text))).toEqual([]);
  });

  it.each([
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\r\nlines', '"two\r\nlines"'],
    [' edge', '" edge"'],
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['=1,2', `"'=1,2"`],
    ['＝1', "'＝1"],
  ])('writes %j as %j', (text, written) => expect(csvField(text)).toBe(written));
});
