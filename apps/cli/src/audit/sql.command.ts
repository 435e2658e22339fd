import { access } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { action, type CliContext } from '../cli-context';
import { CliError } from '../cli.errors';
import type { CliIo } from '../cli-io';
import { examples, wholeNumber } from '../commands/command-group';
import { EXIT } from '../exit-code';
import { formatAnswer, SQL_FORMATS, type SqlFormat } from './sql/answer.format';
import { ArchiveDatabase, type SqlAnswer, SQL_MEMORY_MIB_DEFAULT, SQL_ROWS_MAX_DEFAULT } from './sql/archive.database';
import { archiveFiles } from './sql/archive.views';
import { loadDuckDb } from './sql/duckdb';

interface SqlOptions {
  readonly archive?: string;
  readonly format?: SqlFormat;
  readonly rowsMax?: number;
  readonly memoryMib?: number;
}

export const sqlCommand = (audit: Command, io: CliIo, exit: (code: number) => void): void => {
  audit
    .command('sql')
    .argument('<select>', 'one SELECT over the views "events" and "commits", as DuckDB understands it')
    .description(
      'Asks the archive in SQL, without a running Torch and for reading only. docs/audit-sql.md has the columns and useful questions.',
    )
    .option('--archive <dir>', "the archive's directory; default: TORCH_ARCHIVE_DIR or that of the data directory")
    .addOption(new Option('--format <format>', 'default: table, or json with --json').choices(SQL_FORMATS))
    .option('--rows-max <n>', `rows, at most; default: ${SQL_ROWS_MAX_DEFAULT}`, wholeNumber('--rows-max', { min: 1, max: 10_000_000 }))
    .option(
      '--memory-mib <n>',
      `memory of the query; default: ${SQL_MEMORY_MIB_DEFAULT}`,
      wholeNumber('--memory-mib', { min: 64, max: 1024 * 1024 }),
    )
    .addHelpText(
      'after',
      examples(
        'torch audit sql "select type, count(*) from events group by type order by 2 desc"',
        'torch audit sql "select time, subject, actor from events where type = \'task.dead-lettered\'" --format csv',
        'torch audit sql "describe events" --archive /backup/audit',
      ),
    )
    .action(action(io, exit, sql));
};

async function sql(context: CliContext, select: string, options: SqlOptions): Promise<number> {
  const { rowsMax = SQL_ROWS_MAX_DEFAULT, memoryMib = SQL_MEMORY_MIB_DEFAULT, format = context.json ? 'json' : 'table' } = options;
  const dir = context.archiveDir(options.archive);
  await assertThere(dir);
  const database = await ArchiveDatabase.open(await loadDuckDb(), await archiveFiles(dir), { memoryMib });
  let isInterrupted = false;
  const stopListening = context.io.onStopSignal(() => {
    isInterrupted = true;
    database.interrupt();
  });
  let answer: SqlAnswer;
  try {
    answer = await database.select(select, { rowsMax });
  } catch (error) {
    if (!isInterrupted) throw error;
    context.note('The query was interrupted.');
    return EXIT.interrupted;
  } finally {
    stopListening();
    database.close();
  }
  context.print(formatAnswer(answer, format));
  if (answer.isCut) context.note(`There are more than ${rowsMax} rows; the rest is left out. Raise --rows-max to have them.`);
  return EXIT.done;
}

async function assertThere(dir: string): Promise<void> {
  await access(dir).catch((error: unknown) => {
    throw new CliError(EXIT.failed, 'no-archive', `There is no archive in ${dir}: ${(error as Error).message}.`);
  });
}
