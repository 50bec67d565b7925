import { TerminalError } from '../errors.ts';
import { Slice } from '../passes/slice.ts';
import type { Preparing, Readiness, Work } from '../passes/work.ts';
import { checkTables } from './check-tables.ts';
import { linkingPassSchema, linkingPhases } from './linking-pass.ts';
import type { LinkingParts } from './parts.ts';
import { beginPass, carryOn } from './pass.ts';
import { prepare } from './prepare.ts';
import { skippedTextOf } from './requirements.ts';
import { skipFindings } from './skip-findings.ts';

/** The name of linking's tasks, in the original's words. */
export const linkingTaskName = 'CustomerId Backstamping Hydration';

/** Linking the rows of source tables to their profiles. */
export const linkingWork = (parts: LinkingParts): Work => ({
  kind: 'linking',
  pass: linkingPassSchema,
  phases: linkingPhases,
  taskName: linkingTaskName,
  tables: () => parts.options.setup.tables.map(({ table }) => table),
  predecessors: () => [],
  findings: (tables) =>
    skipFindings(
      parts,
      parts.options.setup.tables.filter(({ table }) => tables.includes(table)),
    ),
  skippedText: skippedTextOf,
  check: (signal) => checkTables(parts, signal),
  prepare: (preparing) => prepareTable(parts, preparing),
});

async function prepareTable(
  parts: LinkingParts,
  { table, run, isBeginning, beforeCreate, signal }: Preparing,
): Promise<Readiness> {
  const source = parts.options.setup.tables.find((candidate) => candidate.table === table);
  if (source === undefined) throw new TerminalError(`${table} is no longer among the tables of BACKSTAMP_UNIFICATION.`);
  const mayCreate = run.mode !== 'rehearsal';
  const preparation = await prepare(parts, source, { mayCreate, isBeginning, beforeCreate, signal });
  if (preparation.kind === 'skipped') return preparation;
  const { context, notes } = preparation;
  return {
    kind: 'ready',
    work: {
      mayCarryOn: () => true,
      begin: (state, task) => {
        const pass = beginPass(parts, context, state, task);
        return { ...pass, details: [...pass.details, ...notes] };
      },
      // The map has a row for nearly each of them; the service's own count may be a day old.
      expected: () => parts.dataverse.countRows(table, signal),
      carryOn: (start) => carryOn(new Slice(start, linkingPassSchema, { parts, context })),
    },
  };
}
