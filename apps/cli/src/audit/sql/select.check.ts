import type { DuckDBConnection } from '@duckdb/node-api';
import { wrongUsage } from '../../cli.errors';

/**
 * Functions that may stand where a table does. All others are refused, known or not: some write files (logs, profiles), some
 * read memory, and those that read files are not needed, since the views are there.
 */
export const TABLE_FUNCTIONS = [
  'duckdb_columns',
  'duckdb_functions',
  'duckdb_settings',
  'generate_series',
  'json_each',
  'json_tree',
  'range',
  'repeat',
  'unnest',
] as const;

const ONLY_SELECT = 'The archive is only read: give one SELECT, and nothing else.';

/** What `json_serialize_sql` says of a text: how it is built, or why it is no SELECT. */
interface Serialized {
  readonly error: boolean;
  readonly error_type?: string;
  readonly error_message?: string;
  readonly statements?: readonly object[];
}

/**
 * Looks at a text before DuckDB prepares it: settings keep a query from other files and the network, but not from writing
 * where it may read, and some statements write while they are being prepared.
 *
 * @throws CliError 2 unless DuckDB's own parser takes it for one SELECT, over nothing but views and harmless functions.
 */
export async function assertHarmlessSelect(connection: DuckDBConnection, sql: string): Promise<void> {
  const parsed = await connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [sql]);
  const { error, error_type: kind, error_message: message, statements } = JSON.parse(String(parsed.getRowsJson()[0]?.[0])) as Serialized;
  if (error && kind === 'parser') throw wrongUsage(`This is not SQL that DuckDB understands: ${message}`);
  if (error || statements?.length !== 1) throw wrongUsage(ONLY_SELECT);
  for (const name of tableFunctionsIn(statements)) {
    if (!(TABLE_FUNCTIONS as readonly string[]).includes(name))
      throw wrongUsage(`${name}() may not be read from; besides the views, these may: ${TABLE_FUNCTIONS.join(', ')}.`);
  }
}

function* tableFunctionsIn(node: unknown): Generator<string, void, void> {
  if (node === null || typeof node !== 'object') return;
  const { type, function: called } = node as { type?: unknown; function?: { function_name?: unknown } };
  if (type === 'TABLE_FUNCTION') yield String(called?.function_name).toLowerCase();
  for (const inner of Object.values(node)) yield* tableFunctionsIn(inner);
}
