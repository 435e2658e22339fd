import type { Json } from '@duckdb/node-api';
import { table } from '../../text/table';
import type { SqlAnswer, SqlColumn } from './archive.database';

export const SQL_FORMATS = ['table', 'json', 'csv'] as const;
export type SqlFormat = (typeof SQL_FORMATS)[number];

/** Characters of a cell of a table; the other formats cut nothing. */
const CELL_CHARS_MAX = 80;
const WHOLE_TYPES = ['BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT'];

export function formatAnswer(answer: SqlAnswer, format: SqlFormat): string {
  switch (format) {
    case 'table':
      return tableText(answer);
    case 'json':
      return JSON.stringify(answer.rows.map((row) => rowObject(answer.columns, row)));
    case 'csv':
      return csvText(answer);
  }
}

function tableText({ columns, rows }: SqlAnswer): string {
  return table(
    columns.map(({ name }) => name),
    rows.map((row) => row.map((value) => shortened(cellText(value)))),
  );
}

/** Whole numbers as numbers where JSON can hold them, times as ISO 8601, and JSON as JSON. */
const rowObject = (columns: readonly SqlColumn[], row: readonly Json[]): Record<string, Json> =>
  Object.fromEntries(columns.map(({ name, type }, i) => [name, jsonValue(type, row[i] ?? null)]));

function jsonValue(type: string, value: Json): Json {
  if (typeof value !== 'string') return value;
  if (WHOLE_TYPES.includes(type)) return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (type === 'TIMESTAMP') return `${value.replace(' ', 'T')}Z`;
  return type === 'JSON' ? (JSON.parse(value) as Json) : value;
}

/** RFC 4180. */
function csvText({ columns, rows }: SqlAnswer): string {
  const line = (cells: readonly string[]): string =>
    cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',');
  return [line(columns.map(({ name }) => name)), ...rows.map((row) => line(row.map(cellText)))].join('\r\n');
}

const cellText = (value: Json): string => (value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value));

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= CELL_CHARS_MAX ? line : `${line.slice(0, CELL_CHARS_MAX - 1)}…`;
}
