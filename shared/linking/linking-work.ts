import { TerminalError } from '../errors.ts';
import { Slice } from '../passes/slice.ts';
import type { Preparing, Readiness } from '../passes/work.ts';
import type { Parts } from '../runs/parts.ts';
import { beginPass, carryOn } from './pass.ts';
import { prepare } from './prepare.ts';
import { skippedDetails } from './requirements.ts';

/** Linking a source table's rows to their profiles. */
export async function linkingWork(parts: Parts, given: Preparing): Promise<Readiness> {
  const { table, run, isBeginning, beforeCreate, signal } = given;
  const source = parts.options.setup.tables.find((candidate) => candidate.table === table);
  if (source === undefined) throw new TerminalError(`${table} is no longer among the tables of BACKSTAMP_UNIFICATION.`);
  const preparation = await prepare(parts, source, {
    mayCreate: run.mode !== 'rehearsal',
    isBeginning,
    beforeCreate,
    signal,
  });
  if (preparation.kind === 'skipped') {
    const { findings } = preparation;
    return { kind: 'skipped', findings, details: skippedDetails(findings) };
  }
  const { context, notes } = preparation;
  return {
    kind: 'ready',
    work: {
      begin: (state, task) => {
        const pass = beginPass(parts, context, state, task);
        return { ...pass, details: [...pass.details, ...notes] };
      },
      carryOn: (slice) => carryOn(new Slice({ ...slice, context })),
    },
  };
}
