import { linkColumn } from '../customer-insights/names.ts';
import type { InspectableDataverse } from '../dataverse/dataverse.ts';
import { logicOnUpdates, type UpdateLogic } from '../dataverse/logic-on-update.ts';
import type { KnownIdentity } from './identity.ts';
import type { InspectParts } from './inspect-parts.ts';
import { bypassPrivilege } from './least-privileges.ts';
import type { Check, CheckCode } from './report.ts';

type Bypass = InspectParts['bypass'];

/** The bypass that lets our writes pass by a piece of custom logic. */
const bypassFor = ({ kind, isSynchronous }: UpdateLogic): Bypass[number] => {
  if (kind === 'flow') return 'flows';
  return isSynchronous ? 'customSync' : 'customAsync';
};

const codes = {
  'plug-in step': 'fires-plug-in-step',
  workflow: 'fires-workflow',
  flow: 'fires-flow',
} as const satisfies Record<UpdateLogic['kind'], CheckCode>;

const remedies: Readonly<Record<UpdateLogic['kind'], string>> = {
  'plug-in step': `Set filtering attributes on the step: the columns that its logic needs, without ${linkColumn}.`,
  workflow: `Take ${linkColumn} out of the columns that start it, or switch it off for the first run.`,
  flow: `Choose columns in the flow's trigger, without ${linkColumn}, or switch it off for the first run.`,
};

/** Everything that would fire for each row linked, with what can be done about it; of all tables at once. */
export async function checkLogic(
  dataverse: InspectableDataverse,
  tables: readonly string[],
  bypass: Bypass,
  signal: AbortSignal,
): Promise<Check[]> {
  const { byTable, refusals } = await logicOnUpdates(dataverse, { tables, column: linkColumn }, signal);
  const checks = refusals.map(
    ({ message }): Check => ({
      code: 'logic-unknown',
      level: 'note',
      subject: 'source tables',
      finding: `What an update of a source table fires cannot be checked in full: ${message}`,
      remedy:
        'Give the application user read access to plug-in steps, messages, processes and callback registrations, or look yourself before the first run.',
    }),
  );
  for (const [table, logic] of byTable) {
    if (logic.length > 0) checks.push(...logic.map((one) => checkOne(table, one, bypass)));
    else if (refusals.length === 0) {
      checks.push({
        code: 'logic',
        level: 'good',
        subject: table,
        finding: `Linking a row of ${table} fires nothing.`,
      });
    }
  }
  return checks;
}

function checkOne(table: string, one: UpdateLogic, bypass: Bypass): Check {
  const setting = bypassFor(one);
  const isPassedBy = bypass.includes(setting);
  const when = one.isSynchronous ? 'within each update, and slows it down' : 'after each update';
  const privilege = setting === 'flows' ? 'no privilege' : `the privilege ${bypassPrivilege}`;
  return {
    code: codes[one.kind],
    level: isPassedBy ? 'good' : 'warning',
    subject: table,
    finding: isPassedBy
      ? `The ${one.kind} "${one.name}" would fire for each row linked; BACKSTAMP_BYPASS passes it by.`
      : `The ${one.kind} "${one.name}" fires for each row linked, ${when}.`,
    ...(isPassedBy
      ? {}
      : { remedy: `${remedies[one.kind]} Or set BACKSTAMP_BYPASS to ${setting}, which needs ${privilege}.` }),
  };
}

/** A bypass that is set needs its privilege: without it every write is refused. */
export function checkBypass(identities: readonly KnownIdentity[], bypass: Bypass): Check[] {
  if (!bypass.some((one) => one !== 'flows')) return [];
  const known = identities.filter(({ privileges }) => privileges !== undefined);
  const has = ({ privileges }: KnownIdentity): boolean => privileges?.has(bypassPrivilege.toLowerCase()) ?? false;
  // Another identity writes what this one is refused.
  const level = identities.some((one) => one.privileges === undefined || has(one)) ? 'warning' : 'fault';
  return known.map((identity) => {
    const { name } = identity;
    if (has(identity)) {
      return { code: 'bypass', level: 'good', subject: name, finding: `${name} has ${bypassPrivilege}.` };
    }
    return {
      code: 'bypass-privilege-missing',
      level,
      subject: name,
      finding: `BACKSTAMP_BYPASS is set to ${bypass.join(',')}, and ${name} lacks ${bypassPrivilege}: its writes are refused.`,
      remedy: `Run "backstamp grant" with --bypass, which gives the role ${bypassPrivilege} at organisation level (the role designer does not offer it), or clear the setting.`,
    };
  });
}
