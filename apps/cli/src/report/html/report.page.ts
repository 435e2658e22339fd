import type { AuditReport, ReportFinding, ReportVerdictStatus } from '@torch/contracts';
import { grouped, utcTime } from '../report.text';
import { html, Html } from './html';
import { REPORT_STYLE } from './report.style';
import { SECTIONS } from './sections';

const VERDICTS: Readonly<Record<ReportVerdictStatus, string>> = {
  clean: '✓ The record is whole, and nothing in it asks for attention.',
  attention: '! The record is whole. There is something to look at.',
  broken: '✕ The record does not hold.',
};

const SEVERITY_NAMES = { broken: 'Broken', attention: 'Attention', note: 'Note' } as const;
const SEVERITY_CLASSES = { broken: 'bad', attention: 'warn', note: 'soft' } as const;

/** The report as one page that needs nothing else: no script, no file, no network. Everything that is not Torch's own text is escaped. */
export function htmlReport(report: AuditReport): string {
  const { scope } = report;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="generator" content="Torch" />
        <title>Audit report of ${scope.project}, ${periodText(report)}</title>
        <style>
          ${new Html(REPORT_STYLE)}
        </style>
      </head>
      <body>
        <a class="skip" href="#content">Skip to the report</a>
        <header class="cover">
          <p class="brand">Torch</p>
          <h1>Audit report</h1>
          <p class="lead">Project <strong>${scope.project}</strong>, ${periodText(report)}</p>
          ${verdict(report)} ${figures(report)}
          <nav class="contents" aria-labelledby="contents">
            <h2 id="contents">Contents</h2>
            <ol>
              ${SECTIONS.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}
            </ol>
          </nav>
          <p class="soft">Made <time>${utcTime(report.generatedAtMs)}</time> UTC from the archive of log <code>${scope.logId}</code>.</p>
        </header>
        <main id="content">
          ${SECTIONS.map(
            ({ id, title, body }, index) =>
              html`<section id="${id}" aria-labelledby="${id}-title">
                <h2 id="${id}-title">${index + 1}. ${title}</h2>
                ${body(report)}
              </section> `,
          )}
        </main>
        <footer>
          <p>
            This report was made from the archive alone. The same archive, period and time of making give the same bytes;
            <code>torch audit verify --offline</code> checks the archive itself.
          </p>
        </footer>
      </body>
    </html> `.text;
}

function periodText({ scope: { fromMs, toMs } }: AuditReport): string {
  if (fromMs === undefined && toMs === undefined) return 'everything that is archived';
  const from = fromMs === undefined ? 'from the first record' : `from ${shortTime(fromMs)}`;
  return `${from} ${toMs === undefined ? 'to the last record' : `to before ${shortTime(toMs)}`} (UTC)`;
}

/** A midnight is a date. */
const shortTime = (atMs: number): string => utcTime(atMs).replace(/ 00:00:00$/, '');

function verdict({ verdict: { status, findings } }: AuditReport): Html {
  return html`<section class="verdict ${status}" aria-labelledby="verdict">
    <h2 id="verdict">${VERDICTS[status]}</h2>
    ${
      findings.length > 0
        ? html`<ul>
            ${findings.map(finding)}
          </ul>`
        : undefined
    }
  </section>`;
}

const finding = ({ severity, section, text }: ReportFinding): Html =>
  html`<li><b class="${SEVERITY_CLASSES[severity]}">${SEVERITY_NAMES[severity]}:</b> <a href="#${section}">${text}</a></li>`;

function figures({ scope, actors, work, access, integrity }: AuditReport): Html {
  const sum = (pick: (partition: AuditReport['integrity']['partitions'][number]) => number): number =>
    integrity.partitions.reduce((all, partition) => all + pick(partition), 0);
  const shown: readonly (readonly [number, string])[] = [
    [scope.events, 'events of the project'],
    [actors.rows.length, actors.more > 0 ? 'actors listed' : 'people, agents and services'],
    [work.counts.runsSubmitted, 'runs submitted'],
    [work.counts.tasksCompleted, 'tasks completed'],
    [access.refused.requests, 'requests refused'],
    [sum(({ records }) => records), 'records verified'],
    [sum(({ checkpoints }) => checkpoints), 'checkpoints verified'],
    [integrity.partitions.filter(({ ok }) => !ok).length, 'partitions that do not hold'],
  ];
  return html`<ul class="figures">
    ${shown.map(([value, label]) => html`<li><strong>${grouped(value)}</strong><span>${label}</span></li>`)}
  </ul>`;
}
