import type { ComponentChildren } from 'preact';
import { hashOf, type Place } from './place.ts';

export interface Column<T> {
  readonly name: string;
  readonly cell: (row: T) => ComponentChildren;
  /** Numbers stand to the right. */
  readonly isNumber?: boolean;
  /** Sentences and names of any length: they break wherever they must. */
  readonly isLong?: boolean;
  /** Where the table is ordered by this column, and whether it is. */
  readonly sort?: { readonly place: Place; readonly order: 'ascending' | 'descending' | undefined };
}

/** Roles that the elements have by themselves: some browsers take them away where a table is not laid out as one. */
const is = {
  table: { role: 'table' },
  rowgroup: { role: 'rowgroup' },
  row: { role: 'row' },
  columnheader: { role: 'columnheader' },
  rowheader: { role: 'rowheader' },
  cell: { role: 'cell' },
} as const;

/**
 * A table whose first column names the row. Where the window is narrow each row stands as a card with the columns' names
 * in it, so that nothing is cut off; the roles say that it is a table still.
 */
export const DataTable = <T,>({
  caption,
  columns,
  rows,
  keyOf,
  cardsBelow = 1_000,
}: {
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  /** Width of the window, in pixels, from which on the columns have room beside each other. */
  readonly cardsBelow?: number;
}) => (
  <table {...is.table} class={window.innerWidth < cardsBelow ? 'cards' : undefined}>
    <caption class="unseen">{caption}</caption>
    <thead {...is.rowgroup}>
      <tr {...is.row}>
        {columns.map(({ name, isNumber, sort }) => (
          <th
            key={name}
            {...is.columnheader}
            scope="col"
            class={isNumber ? 'number' : undefined}
            aria-sort={sort === undefined ? undefined : (sort.order ?? 'none')}
          >
            {sort === undefined ? (
              name
            ) : (
              <a href={hashOf(sort.place)} class="sort">
                {name}
              </a>
            )}
          </th>
        ))}
      </tr>
    </thead>
    <tbody {...is.rowgroup}>
      {rows.map((row) => (
        <tr key={keyOf(row)} {...is.row}>
          {columns.map(({ name, isNumber, isLong, cell }, index) =>
            index === 0 ? (
              <th key={name} {...is.rowheader} scope="row">
                {cell(row)}
              </th>
            ) : (
              <td key={name} {...is.cell} class={isNumber ? 'number' : isLong ? 'long' : undefined} data-name={name}>
                {cell(row)}
              </td>
            ),
          )}
        </tr>
      ))}
    </tbody>
  </table>
);
