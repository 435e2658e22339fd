import type { DuckDBConnection, DuckDBInstance, DuckDBResult, Json } from '@duckdb/node-api';
import { CliError, wrongUsage } from '../../cli.errors';
import { EXIT } from '../../exit-code';
import { type ArchiveFiles, quoted, viewStatements } from './archive.views';
import type { DuckDb } from './duckdb';
import { assertHarmlessSelect } from './select.check';

/** Memory of a query, unless said otherwise. Beyond it the query fails: nothing is put on disk instead. */
export const SQL_MEMORY_MIB_DEFAULT = 1024;
/** Rows of an answer, unless said otherwise. */
export const SQL_ROWS_MAX_DEFAULT = 10_000;

export interface SqlColumn {
  readonly name: string;
  /** As DuckDB writes it: `BIGINT`, `TIMESTAMP`. */
  readonly type: string;
}

export interface SqlAnswer {
  readonly columns: readonly SqlColumn[];
  readonly rows: readonly (readonly Json[])[];
  /** There were more rows than may be answered. */
  readonly isCut: boolean;
}

/**
 * The archive as tables, for reading only: one SELECT at a time over files of the archive, with no way to any other file, to
 * the network or to a setting.
 */
export class ArchiveDatabase {
  private constructor(
    private readonly duckdb: DuckDb,
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
  ) {}

  static async open(duckdb: DuckDb, files: ArchiveFiles, { memoryMib }: { readonly memoryMib: number }): Promise<ArchiveDatabase> {
    const instance = await duckdb.DuckDBInstance.create(':memory:', {
      memory_limit: `${memoryMib}MiB`,
      temp_directory: '',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    const connection = await instance.connect();
    const database = new ArchiveDatabase(duckdb, instance, connection);
    for (const statement of [...viewStatements(files), ...lockingStatements(files)]) await connection.run(statement);
    return database;
  }

  /**
   * @throws CliError 2 when it is not one SELECT that DuckDB understands and allows; CliError 1 when it fails on its way.
   */
  async select(sql: string, { rowsMax }: { readonly rowsMax: number }): Promise<SqlAnswer> {
    const result = await this.started(sql);
    const columns = result
      .deduplicatedColumnNames()
      .map((name, i) => ({ name, type: result.columnType(i).alias ?? String(result.columnType(i)) }));
    const rows: Json[][] = [];
    try {
      for await (const chunk of result.yieldRowsJson()) {
        rows.push(...chunk.slice(0, rowsMax + 1 - rows.length));
        if (rows.length > rowsMax) return { columns, rows: rows.slice(0, rowsMax), isCut: true };
      }
    } catch (error) {
      throw queryFailed(error);
    }
    return { columns, rows, isCut: false };
  }

  /** Ends what is running; it fails with DuckDB's own words. */
  interrupt(): void {
    this.connection.interrupt();
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }

  private async started(sql: string): Promise<DuckDBResult> {
    await assertHarmlessSelect(this.connection, sql);
    const statements = await this.connection.extractStatements(sql);
    const prepared = await statements.prepare(0).catch((error: unknown) => {
      throw wrongUsage((error as Error).message);
    });
    if (statements.count !== 1 || prepared.statementType !== this.duckdb.StatementType.SELECT)
      throw wrongUsage('The archive is only read: give one SELECT, and nothing else.');
    if (prepared.parameterCount > 0) throw wrongUsage('The statement has parameters; put the values into it.');
    return prepared.stream().catch((error: unknown) => {
      throw queryFailed(error);
    });
  }
}

/** In this order: the last one makes all of them final. */
const lockingStatements = ({ segments }: ArchiveFiles): string[] => [
  `SET allowed_paths = [${segments.map(({ path }) => quoted(path)).join(', ')}]`,
  'SET enable_external_access = false',
  'SET lock_configuration = true',
];

const queryFailed = (error: unknown): CliError => new CliError(EXIT.failed, 'query-failed', (error as Error).message, { cause: error });
