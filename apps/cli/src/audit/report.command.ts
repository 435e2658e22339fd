import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { AuditReport } from '@torch/contracts';
import { type Command, Option } from 'commander';
import { action, type CliContext } from '../cli-context';
import { CliError, wrongUsage } from '../cli.errors';
import type { CliIo } from '../cli-io';
import { examples, wholeNumber } from '../commands/command-group';
import { EXIT } from '../exit-code';
import { auditReport } from '../report/audit.report';
import { htmlReport } from '../report/html/report.page';
import { csvReport } from '../report/report.csv';
import { archiveIntegrity } from '../report/report.integrity';
import { momentOf, periodOf } from '../report/report.period';

const FORMATS = ['html', 'csv', 'json'] as const;
type Format = (typeof FORMATS)[number];
const ROWS_MAX_MAX = 100_000;

interface ReportOptions {
  readonly from?: string;
  readonly to?: string;
  readonly format?: Format;
  readonly out?: string;
  readonly archive?: string;
  readonly key?: string;
  readonly rowsMax?: number;
  readonly generatedAt?: string;
}

export const reportCommand = (audit: Command, io: CliIo, exit: (code: number) => void): void => {
  audit
    .command('report')
    .description(
      'A compliance report on a project, from the archive alone: who did what, access granted and refused, failures, integrity, retention. Needs no running Torch. Exits with 1 when the archive does not hold.',
    )
    .option('--from <time>', 'date or time (UTC unless it says otherwise); default: the first record')
    .option('--to <time>', 'a date means the whole of that day, a time is exclusive; default: the last record')
    .addOption(new Option('--format <format>', 'default: html, or json with --json').choices(FORMATS))
    .option('--out <file>', 'default: standard output')
    .option('--archive <dir>', "the archive's directory; default: TORCH_ARCHIVE_DIR or that of the data directory")
    .option('--key <file>', "the notary's public keys, kept elsewhere; default: those in the archive")
    .option(
      '--rows-max <n>',
      'rows of one table; the rest is counted; default: 1000',
      wholeNumber('--rows-max', { min: 1, max: ROWS_MAX_MAX }),
    )
    .option('--generated-at <time>', 'the time of making that the report gives; default: SOURCE_DATE_EPOCH or now')
    .addHelpText(
      'after',
      examples(
        'torch audit report --from 2026-11-01 --to 2026-11-30 --project default --out november.html',
        'torch audit report --format csv --out november.csv --archive /backup/audit --key /safe/notary.pub',
        'torch audit report --json | jq .verdict',
      ),
    )
    .action(action(io, exit, report));
};

async function report(context: CliContext, options: ReportOptions): Promise<number> {
  const period = periodOf(options);
  const generatedAtMs = generatedAtMsOf(context, options.generatedAt);
  const dir = context.archiveDir(options.archive);
  const keyFile = options.key === undefined ? undefined : resolve(context.io.cwd, options.key);
  const made = await auditReport({
    dir,
    project: context.projectName,
    period,
    generatedAtMs,
    rowsMax: options.rowsMax,
    checkIntegrity: archiveIntegrity(keyFile, (records) => context.note(`Verifying: ${records} records.`)),
    onProgress: (records) => context.note(`Reading: ${records} records.`),
  });
  await handOver(context, options, made);
  return made.verdict.status === 'broken' ? EXIT.failed : EXIT.done;
}

async function handOver(
  context: CliContext,
  { format = context.json ? 'json' : 'html', out }: ReportOptions,
  made: AuditReport,
): Promise<void> {
  const text = formatted(made, format);
  if (out === undefined) {
    context.io.stdout.write(text);
    return;
  }
  const file = resolve(context.io.cwd, out);
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new CliError(EXIT.failed, 'not-written', `The report could not be written to ${file}: ${(error as Error).message}`);
  }
  const { verdict } = made;
  const findings = verdict.findings.map(({ severity, text: said }) => `  ${severity}: ${said}`);
  context.answer({ file, format, verdict }, () => [`${file}: ${verdict.status}.`, ...findings].join('\n'));
}

function formatted(made: AuditReport, format: Format): string {
  switch (format) {
    case 'html':
      return htmlReport(made);
    case 'csv':
      return csvReport(made);
    case 'json':
      return `${JSON.stringify(made)}\n`;
  }
}

/** @throws CliError 2 when the given time, or SOURCE_DATE_EPOCH (seconds), is none. */
function generatedAtMsOf({ io: { env } }: CliContext, given: string | undefined): number {
  if (given !== undefined) return momentOf('--generated-at', given);
  const { SOURCE_DATE_EPOCH: epoch } = env;
  if (!epoch) return Date.now();
  if (!/^\d{1,12}$/.test(epoch)) throw wrongUsage(`SOURCE_DATE_EPOCH is "${epoch}"; it takes whole seconds since 1970.`);
  return Number(epoch) * 1000;
}
