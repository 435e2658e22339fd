import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditReport } from '@torch/contracts';
import { FIXTURE_COMMITS, HOSTILE, writeArchive } from '../archive.fixture';
import { auditReport } from '../audit.report';
import { escapeHtml, html } from './html';
import { htmlReport } from './report.page';

const folder = mkdtempSync(join(tmpdir(), 'torch-report-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let report: AuditReport;
let page: string;
beforeAll(async () => {
  report = await auditReport({
    dir: writeArchive(join(folder, 'audit'), FIXTURE_COMMITS),
    project: 'default',
    period: { fromMs: Date.UTC(2026, 10, 1), toMs: Date.UTC(2026, 11, 1) },
    generatedAtMs: 1_800_000_000_000,
    rowsMax: 3,
    checkIntegrity: async () => ({
      keysGiven: false,
      partitions: [{ partition: 0, ok: false, records: 3, pruned: 0, unsigned: 0, checkpoints: 0, badPosition: '4-0', problem: HOSTILE }],
      keys: [{ name: HOSTILE, keyId: 'd662b7ca' }],
    }),
  });
  page = htmlReport(report);
});

/** The page's tags, in order. A browser reads them the same way: nothing in the page hides one. */
const tags = (): { name: string; closes: boolean; attributes: string }[] =>
  [...page.replace(/<style>[^]*?<\/style>/, '').matchAll(/<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*\/?>/g)].map(
    ([, slash, name, attributes]) => ({
      name: name as string,
      closes: slash === '/',
      attributes: attributes as string,
    }),
  );

describe('the page of a report', () => {
  it('lets nothing that comes from outside become markup', () => {
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;');
    const rest = page
      .replace(/<style>[^]*?<\/style>/, '')
      .replaceAll(/<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*\/?>/g, '')
      .replace('<!doctype html>', '');
    expect(rest).not.toMatch(/[<>]/);
  });

  it('needs nothing else: no script, no file, no address', () => {
    expect(page).not.toMatch(/<(script|link|img|iframe|object|embed|form)|src=|https?:|@import|url\(/i);
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  it('closes what it opens, in order', () => {
    const open: string[] = [];
    for (const { name, closes } of tags()) {
      if (['meta', 'br'].includes(name)) continue;
      if (closes) expect(open.pop()).toBe(name);
      else open.push(name);
    }
    expect(open).toEqual([]);
  });

  it('can be found one’s way in: language, headings in order, captions, heads with a scope, and no link that leads nowhere', () => {
    expect(page).toContain('<html lang="en">');
    const all = tags().filter(({ closes }) => !closes);
    const levels = all.flatMap(({ name }) => (/^h[1-6]$/.test(name) ? [Number(name[1])] : []));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    levels.reduce((before, level) => (expect(level).toBeLessThanOrEqual(before + 1), level), 0);
    const count = (name: string): number => all.filter((tag) => tag.name === name).length;
    expect(count('caption')).toBe(count('table'));
    expect(all.filter(({ name, attributes }) => name === 'th' && !/scope="(col|row)"/.test(attributes))).toEqual([]);
    const ids = all.flatMap(({ attributes }) => / id="([^"]+)"/.exec(attributes)?.[1] ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const links = all.flatMap(({ attributes }) => / href="#([^"]+)"/.exec(attributes)?.[1] ?? []);
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((link) => !ids.includes(link))).toEqual([]);
  });

  it('says what it does not list, and what is not there', () => {
    expect(page).toContain('more events of others, in the totals but not listed');
    expect(page).toContain('The record does not hold.');
    const quiet = htmlReport({ ...report, approvals: { events: 0, counts: [], rows: [], more: 0 } });
    expect(quiet).toMatch(/<h3>Approvals<\/h3>\s*<p class="none">None recorded\.<\/p>/);
  });

  it('is the same for the same report', () => expect(htmlReport(JSON.parse(JSON.stringify(report)) as AuditReport)).toBe(page));
});

describe('text on its way into a page', () => {
  it('is escaped wherever it stands', () => {
    expect(html`<p title="${'"><b>'}">${['<i>', html`<br />`]}${undefined}${3}</p>`.text).toBe(
      '<p title="&quot;&gt;&lt;b&gt;">&lt;i&gt;<br />3</p>',
    );
  });

  it('shows what cannot be seen', () => {
    expect(escapeHtml('agent:\u202egnp.exe\u0000')).toBe('agent:\ufffdgnp.exe\ufffd');
  });
});
