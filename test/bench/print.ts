import { textTable } from '../../cli/text.ts';
import type { InstancesFigures } from '../scale/measure-instances.ts';
import type { Figures } from './figures.ts';

const number = (value: number, digits = 0): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
const percent = (value: number): string => `${number(value * 100, 1)} %`;

/** A table whose first column has words. */
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  textTable(head, rows, undefined, 1).trimEnd();

/** The table of processes that share identities. */
export const instancesTable = (instances: readonly InstancesFigures[]): string =>
  table(
    ['Instances', 'tables each', 'identities', 'rows/s', 'of limit', '429 of requests'],
    instances.map((one) => [
      number(one.processes),
      number(one.tables),
      number(one.identities),
      number(one.rowsPerSecond, 1),
      percent(one.shareOfLimit),
      percent(one.refusedShare),
    ]),
  );

/** Prints the figures for people. */
export function printTables({
  machine,
  limitRowsPerSecond,
  contenders,
  growth,
  identities,
  instances,
  plugins,
  refusals,
}: Figures): void {
  const sections = [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}`,
    `What one identity's budgets sustain: ${number(limitRowsPerSecond, 1)} rows/s`,
    table(
      ['First pass', 'rows/s', 'of limit', '429', 'requests/1,000 rows', 'client ms/1,000 rows', 'peak MiB'],
      contenders.map((one) => [
        one.name,
        number(one.rowsPerSecond, 1),
        percent(one.shareOfLimit),
        number(one.throttled),
        number(one.requestsPer1000Rows, 2),
        number(one.cpuMsPer1000Rows, 1),
        number(one.peakMiB),
      ]),
    ),
    table(
      ['Rows', 'changes since', 'requests', 'seconds', 'client ms', 'peak MiB'],
      growth.map((one) => [
        number(one.rows),
        one.changes === null ? 'all' : `${number(one.changes)} ${one.pass}`,
        number(one.requests),
        number(one.seconds, 1),
        number(one.cpuMs),
        number(one.peakMiB),
      ]),
    ),
    table(
      ['Identities', 'rows/s', 'of limit', '429 of requests'],
      identities.map((one) => [
        number(one.identities),
        number(one.rowsPerSecond, 1),
        percent(one.shareOfLimit),
        percent(one.throttledShare),
      ]),
    ),
    instancesTable(instances),
    table(
      ['Plug-in ms/row', 'rows/s', 'of limit'],
      plugins.map((one) => [number(one.costPerPluginMs), number(one.rowsPerSecond, 1), percent(one.shareOfLimit)]),
    ),
    table(
      ['Rows refused', 'of', 'requests', 'times', 'linked', 'task'],
      refusals.map((one) => [
        one.badShare === 1 ? 'all' : percent(one.badShare),
        number(one.rows),
        number(one.requests),
        number(one.timesTheRequests, 2),
        number(one.linked),
        one.status,
      ]),
    ),
  ];
  process.stdout.write(`${sections.join('\n\n')}\n`);
}
