import { grouped, isoTime, utcTime } from '../report.text';
import { html, type Html } from './html';

/** One column: its head, and what it shows of a row. The first column names the row. */
export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => Html | string | undefined;
  readonly kind?: 'id' | 'number' | 'time' | 'wide';
}

export interface TableOf<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** What the rows do not show: a number, and of what. */
  readonly more?: { readonly count: number; readonly what: string };
  /** What stands there when there is nothing. */
  readonly none?: string;
}

/** A table with a caption and scoped heads; what has no row is named in a last one. Without anything, a sentence. */
export function table<Row>({ caption, columns, rows, more, none = 'None recorded.' }: TableOf<Row>): Html {
  const beyond = more?.count ?? 0;
  if (rows.length === 0 && beyond === 0)
    return html`<h3>${caption}</h3>
      <p class="none">${none}</p> `;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map(({ head, kind }) => html`<th scope="col" ${classOf(kind)}>${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html` <tr>
              ${columns.map((column, index) => cellOf(column, row, index))}
            </tr>`,
        )}${moreRow(beyond, more?.what ?? '', columns.length)}
      </tbody>
    </table>
  </div> `;
}

const classOf = (kind: Column<unknown>['kind']): Html | undefined => (kind ? html` class="${kind}"` : undefined);

function cellOf<Row>({ cell, kind }: Column<Row>, row: Row, index: number): Html {
  const content = cell(row) ?? html`<span class="soft">–</span>`;
  return index === 0 ? html`<th scope="row" ${classOf(kind)}>${content}</th>` : html`<td${classOf(kind)}>${content}</td>`;
}

const moreRow = (count: number, what: string, columns: number): Html | undefined =>
  count > 0
    ? html` <tr class="more">
        <td colspan="${columns}">and ${grouped(count)} more ${what}, in the totals but not listed</td>
      </tr>`
    : undefined;

export const code = (text: string | undefined): Html | undefined => (text === undefined ? undefined : html`<code>${text}</code>`);

export const time = (atMs: number | undefined): Html | undefined =>
  atMs === undefined ? undefined : html`<time datetime="${isoTime(atMs)}">${utcTime(atMs)}</time>`;

export const number = (value: number | undefined): string | undefined => (value === undefined ? undefined : grouped(value));
