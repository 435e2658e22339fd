import { CliError } from '../../cli.errors';
import { EXIT } from '../../exit-code';

export type DuckDb = typeof import('@duckdb/node-api');

/**
 * Loads DuckDB, whose native part is large and not made for every platform: nothing else of the command line needs it.
 *
 * @param load stands in for the package in tests.
 * @throws CliError 1 when there is none for this platform.
 */
export async function loadDuckDb(load: () => Promise<DuckDb> = () => import('@duckdb/node-api')): Promise<DuckDb> {
  try {
    return await load();
  } catch (error) {
    const platform = `${process.platform}-${process.arch}`;
    throw new CliError(
      EXIT.failed,
      'no-duckdb',
      `SQL needs DuckDB, whose native part for ${platform} (@duckdb/node-bindings-${platform}) cannot be loaded: ${firstLine(error)} "torch audit events" and "torch audit export" do without it.`,
      { cause: error },
    );
  }
}

const firstLine = (error: unknown): string => (String((error as Error).message).split('\n', 1)[0] ?? '').replace(/[.]?$/, '.');
