import type { CustomerRecords } from '../shared/contracts/customer-records.ts';
import type { Explanation } from '../shared/contracts/explanation.ts';
import { changeKindNames, lastChangeText, linkText, recordStateNames } from '../shared/contracts/explanation-words.ts';
import { indented, textTable, timeText } from './text.ts';
import type { Terminal } from './world.ts';

const none = '–';

/** Why a row is linked as it is, as people read it. */
export function explanationText(explanation: Explanation, terminal?: Terminal): string {
  const { table, id, requirements, mapRows, customer, earlier, pending, changed, next, notKnown } = explanation;
  const line = (text: string): string => indented(text, '  ', terminal);
  const section = (title: string, lines: readonly string[]): string =>
    lines.length === 0 ? '' : `\n${title}\n${lines.join('')}`;
  return [
    `${table} ${id}: ${linkText(explanation)}\n`,
    section('What the next run does', [line(next.explanation)]),
    section(
      'What keeps its table from being linked',
      requirements.map(({ finding, remedy }) => line(`${finding} ${remedy}`)),
    ),
    section('Why it waits', pending === undefined ? [] : [line(`${pending.reason} Since ${timeText(pending.since)}.`)]),
    mapRows.length === 0
      ? '\nNo map row names it.\n'
      : section('Map rows that name it', [
          textTable(
            ['counts', 'key', 'customer', 'profile', 'changed', 'why'],
            mapRows.map(({ counts, key, customerId, profileId, modifiedOn, why }) => [
              ...[counts ? 'yes' : 'no', JSON.stringify(key), customerId ?? none, profileId ?? none],
              ...[timeText(modifiedOn ?? undefined), why],
            ]),
            terminal,
          ),
        ]),
    customer === undefined
      ? ''
      : section(`Customer ${customer.customerId}${customer.isWhole ? '' : ', some of its rows'}`, [
          textTable(
            ['data source', 'table', 'row', 'how it stands'],
            customer.records.map(({ dataSource, entity, table: of, key, state }) => [
              ...[dataSource, of ?? entity, key === id ? `${key} (this one)` : key, recordStateNames[state]],
            ]),
            terminal,
          ),
        ]),
    earlier.length === 0
      ? ''
      : section('Customers it had before', [
          textTable(
            ['until', 'customer', 'what became of it', 'next', 'run'],
            earlier.map(({ until, kind, customerId, nextCustomerId, runId }) => [
              ...[timeText(until), customerId ?? none, changeKindNames[kind], nextCustomerId ?? none, runId],
            ]),
            terminal,
          ),
        ]),
    changed === undefined ? '' : section(`Last changed ${timeText(changed.at)}`, [line(lastChangeText(changed))]),
    section('Not known', notKnown.map(line)),
  ].join('');
}

/** A customer's source rows, as people read them. */
export function customerText({ customerId, records, tablesWithSeveral }: CustomerRecords, terminal?: Terminal): string {
  const table = textTable(
    ['table', 'row', 'data source', 'profile'],
    records.map(({ table: of, entity, key, dataSource, profileId }) => [
      ...[of ?? entity, key, dataSource, profileId ?? none],
    ]),
    terminal,
  );
  const several = tablesWithSeveral.map(({ table: of, rows }) => `${rows} rows of ${of}`).join(', ');
  return `Customer ${customerId}\n${table}${several === '' ? '' : `\nOne customer, ${several}.\n`}`;
}
