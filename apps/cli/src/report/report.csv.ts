import type { AuditReport } from '@torch/contracts';
import { isoTime } from './report.text';

export const CSV_HEADER = ['section', 'row', 'key', 'field', 'value'] as const;

/** One value of the report: where it is, and what it is. */
export interface CsvLine {
  /** Path of the part of the report: `work.runs`. */
  readonly section: string;
  /** From 1; `2.1` is the first row of a list in row 2; empty for what is not in a list. */
  readonly row: string;
  /** What the row is about: its first value. */
  readonly key: string;
  readonly field: string;
  readonly value: string;
}

/** The whole report as one table with a line for each value (RFC 4180, UTF-8). Times are ISO 8601 in UTC. */
export function csvReport(report: AuditReport): string {
  return [CSV_HEADER.map(csvField), ...csvLines(report).map((line) => CSV_HEADER.map((column) => csvField(line[column])))]
    .map((fields) => `${fields.join(',')}\r\n`)
    .join('');
}

export function csvLines(report: AuditReport): CsvLine[] {
  return linesOf('report', report as unknown as Fields, { row: '', key: '' });
}

type Fields = Readonly<Record<string, unknown>>;
type Row = Pick<CsvLine, 'row' | 'key'>;

function linesOf(section: string, fields: Fields, { row, key }: Row): CsvLine[] {
  return Object.entries(fields).flatMap(([field, value]) => {
    if (value === undefined) return [];
    const inner = section === 'report' ? field : `${section}.${field}`;
    if (Array.isArray(value)) return value.flatMap((item: Fields, index) => linesOf(inner, item, rowOf(item, row, index)));
    if (value !== null && typeof value === 'object') return linesOf(inner, value as Fields, { row, key });
    return [{ section, row, key, field, value: textOf(field, value) }];
  });
}

const rowOf = (item: Fields, outer: string, index: number): Row => {
  const [first] = Object.entries(item);
  return { row: outer === '' ? String(index + 1) : `${outer}.${index + 1}`, key: first ? textOf(first[0], first[1]) : '' };
};

const textOf = (field: string, value: unknown): string =>
  /(^at|At|^from|^to)Ms$/.test(field) && typeof value === 'number' ? isoTime(value) : String(value);

/** What a spreadsheet takes for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/** One field of a CSV file. One that a spreadsheet would take for a formula gets a `'` in front, as spreadsheets themselves mark text. */
export function csvField(text: string): string {
  const plain = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) || plain !== plain.trim() ? `"${plain.replaceAll('"', '""')}"` : plain;
}
