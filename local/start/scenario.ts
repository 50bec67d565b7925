import { textTable } from '../../cli/text.ts';
import { loadRows } from '../sample/control-plane.ts';
import { readCsvOrganisation } from '../sample/csv-organisation.ts';
import { type GeneratedOrganisation, generateOrganisation } from '../sample/generator.ts';
import { applySecondUnification, loadOrganisation } from '../sample/load.ts';
import type { LinkTruth, Organisation } from '../sample/organisation.ts';
import { type SecondUnification, secondUnification } from '../sample/second-unification.ts';
import { verifyLinks } from '../sample/verify-links.ts';
import { localClientId, type Stack } from '../stack.ts';
import { customLogic, filteredStep } from './custom-logic.ts';
import { Progress, summaryOf } from './progress.ts';
import { RunsClient } from './runs-client.ts';
import { readStats, resetStats, type StandInStats } from './stand-in-stats.ts';

const seed = 20_261_122;
const linkColumn = 'msdynci_lookupfield_customerprofile';

/** The organisation that is linked, and what its second unification changes (nothing, where it was read from files). */
export interface Scenario {
  readonly organisation: Organisation;
  readonly second: SecondUnification | undefined;
}

/** @throws SampleDataError where the files cannot be used */
export async function prepareScenario(choice: {
  readonly rows: number;
  readonly data: string | undefined;
}): Promise<Scenario> {
  if (choice.data !== undefined) return { organisation: await readCsvOrganisation(choice.data), second: undefined };
  const organisation: GeneratedOrganisation = generateOrganisation({ rows: choice.rows, seed });
  return { organisation, second: secondUnification(organisation) };
}

/** Plays the scenario on a running stack and shows what happens; false where anything is not as it must be. */
export async function playScenario(
  stack: Stack,
  { organisation, second }: Scenario,
  write: (text: string) => void,
): Promise<boolean> {
  const client = new RunsClient(stack.hostUrl, stack.functionKey);
  const loaded = await loadOrganisation(stack.dataverseUrl, { organisation, clientIds: [localClientId] });
  for (const [table, rows] of customLogic) await loadRows(stack.dataverseUrl, table, rows);
  const inAll = [...loaded.values()].reduce((sum, count) => sum + count, 0);
  write(`Loaded ${inAll.toLocaleString('en')} rows into ${loaded.size} tables of the organisation.\n`);

  const eventId = `sample-${Date.now()}`;
  write('\nFirst unification event: every row of every source table gets its link.\n');
  let isRight = await playEvent(client, `${eventId}-1`, mapRowsOf(organisation), write);
  isRight = (await reportLinks(stack, organisation, write)) && isRight;

  await resetStats(stack.dataverseUrl);
  write(
    second === undefined
      ? '\nSecond unification event, with nothing changed: nothing may be written.\n'
      : '\nSecond unification event: new rows, merged and split customers, removed rows. Only those may be touched.\n',
  );
  if (second !== undefined) await applySecondUnification(stack.dataverseUrl, second);
  isRight = (await playEvent(client, `${eventId}-2`, new Map(), write)) && isRight;
  isRight = (await reportLinks(stack, second ?? organisation, write)) && isRight;
  return reportWrites(await readStats(stack.dataverseUrl), organisation, second, write) && isRight;
}

async function playEvent(
  client: RunsClient,
  eventId: string,
  expected: ReadonlyMap<string, number>,
  write: (text: string) => void,
): Promise<boolean> {
  const begun = performance.now();
  const runId = await client.postEvent(eventId);
  const progress = new Progress(expected, write);
  const run = await client.follow(runId, (state) => progress.show(state));
  const seconds = (performance.now() - begun) / 1000;
  write(`\n${summaryOf(run)}\nRun ${runId}: ${run.status} after ${seconds.toFixed(1)} s.\n`);
  return run.status === 'Successful';
}

/** Source rows that the map names, by table. */
function mapRowsOf(truth: LinkTruth): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { table } of truth.sourceTables) {
    let count = 0;
    for (const { profileId } of truth.truth(table)) if (profileId !== null) count++;
    counts.set(table, count);
  }
  return counts;
}

async function reportLinks(stack: Stack, truth: LinkTruth, write: (text: string) => void): Promise<boolean> {
  const checks = await verifyLinks(stack.dataverseUrl, truth);
  const rows = checks.reduce((sum, check) => sum + check.rows, 0);
  const right = checks.reduce((sum, check) => sum + check.right, 0);
  write(`Read back from Dataverse: ${right.toLocaleString('en')} of ${rows.toLocaleString('en')} links are right.\n`);
  for (const { table, wrong } of checks) {
    for (const { id, expected, found } of wrong.slice(0, 3)) {
      write(`  ${table} ${id}: expected ${expected ?? 'no link'}, found ${found ?? 'no link'}\n`);
    }
  }
  return right === rows;
}

/** Compares what the stand-in itself counted with what the second unification changed. */
function reportWrites(
  stats: StandInStats,
  organisation: Organisation,
  second: SecondUnification | undefined,
  write: (text: string) => void,
): boolean {
  let isRight = true;
  const rows = organisation.sourceTables.map(({ table }) => {
    const expected = second?.expected.get(table);
    const changed = expected === undefined ? 0 : expected.linked + expected.relinked + expected.cleared;
    const written = stats.rowsWritten[table] ?? 0;
    const columns = Object.keys(stats.columnsWritten[table] ?? {});
    isRight &&= written === changed && columns.every((column) => column === linkColumn);
    return [table, changed, written, columns.join(', ') || '–'];
  });
  isRight &&= (stats.fired[filteredStep] ?? 0) === 0;
  write(
    `What the organisation counted:\n${textTable(['table', 'rows to change', 'rows written', 'columns written'], rows)}\n`,
  );
  write(
    `Requests: ${stats.requests.total}. Plug-in "${filteredStep}", whose filter leaves the link out, fired ${stats.fired[filteredStep] ?? 0} times.\n`,
  );
  return isRight;
}
