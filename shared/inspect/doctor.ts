import type { DoctorReport, Check as ReportedCheck } from '../contracts/doctor-report.ts';
import { linkColumn } from '../customer-insights/names.ts';
import { isMissingPrivilege } from '../dataverse/service-failure.ts';
import { isRetryableError, isTerminalError, messageOf } from '../errors.ts';
import { timeOf } from '../runs/parts.ts';
import { checkBusinessUnits } from './check-business-units.ts';
import { checkBypass, checkLogic } from './check-logic.ts';
import { findIdentity, type KnownIdentity } from './identity.ts';
import type { InspectParts } from './inspect-parts.ts';
import { extentOf } from './least-privileges.ts';
import { checkPrivileges, type LinkedTable, neededPrivileges } from './needed-privileges.ts';
import { type Check, type CheckCode, worstFirst } from './report.ts';

/** A check-up that takes longer has met a service that does not answer, in milliseconds. */
const limitMs = 60_000;

/** Checks everything that linking needs and changes nothing; each finding says what to do. */
export async function checkUp(parts: InspectParts): Promise<DoctorReport> {
  const signal = AbortSignal.timeout(limitMs);
  const checks = [
    await checkState(parts),
    ...(await checkQueues(parts)),
    ...(await guarded('dataverse', parts.options.dataverseUrl, () => checkDataverse(parts, signal))),
  ];
  return { checkedAt: timeOf(parts.now()), checks: worstFirst(checks) };
}

async function checkDataverse(parts: InspectParts, signal: AbortSignal): Promise<ReportedCheck[]> {
  const { dataverse, clientIds, bypass } = parts;
  const checks: ReportedCheck[] = [];
  const identities: KnownIdentity[] = [];
  for (const clientId of clientIds.length === 0 ? [undefined] : clientIds) {
    const found = await findIdentity(dataverse, clientId, clientIds.length === 1, signal);
    checks.push(...found.checks);
    if (found.identity !== undefined) identities.push(found.identity);
  }
  if (identities.length === 0) return checks;

  for (const work of parts.works) checks.push(...(await work.check(signal)));
  const sources = await linkedTables(parts, signal);
  const { businessUnits } = parts.options.setup;
  const extent = extentOf(parts.options.setup);
  const needed = await neededPrivileges(dataverse, sources, signal, extent);
  for (const identity of identities) {
    checks.push(...checkPrivileges(identity, needed, extent), ...checkBypass(identity, bypass));
  }
  if (businessUnits !== undefined) {
    checks.push(...(await checkBusinessUnits(dataverse, businessUnits, identities, signal)));
  }
  for (const { table } of sources) checks.push(...(await checkLogic(dataverse, table, bypass, signal)));
  return checks;
}

/** The source tables that are there. */
async function linkedTables({ dataverse, options }: InspectParts, signal: AbortSignal): Promise<LinkedTable[]> {
  const tables = options.setup.tables.map(({ table }) => table);
  const found = await dataverse.readTables({ tables, withColumns: tables }, signal);
  return tables.flatMap((table) => {
    const columns = found.get(table)?.columns;
    return columns === undefined ? [] : [{ table, hasColumn: columns.has(linkColumn) }];
  });
}

async function checkState({ runs }: InspectParts): Promise<Check> {
  try {
    await runs.listRecent(1);
    return { code: 'state', level: 'good', subject: 'Table Storage', finding: 'The state can be read.' };
  } catch (error) {
    return {
      code: 'state',
      level: 'fault',
      subject: 'Table Storage',
      finding: `The state cannot be read: ${messageOf(error)}`,
      remedy: 'Check StateStorage and the identity\'s role "Storage Table Data Contributor".',
    };
  }
}

async function checkQueues({ checkMessaging }: InspectParts): Promise<Check[]> {
  const faults = await checkMessaging();
  if (faults.length === 0) {
    return [
      { code: 'queues', level: 'good', subject: 'Service Bus', finding: 'The queues and the topic can be sent to.' },
    ];
  }
  return faults.map(({ entity, reason }) => ({
    code: 'queues',
    level: 'fault',
    subject: entity,
    finding: `Nothing can be sent to ${entity}: ${reason}`,
    remedy:
      'Check that it exists, ServiceBusConnection, and the identity\'s roles "Azure Service Bus Data Sender" and "Azure Service Bus Data Receiver".',
  }));
}

/** What stops a group of checks is a finding itself. */
async function guarded(
  code: CheckCode,
  subject: string,
  check: () => Promise<ReportedCheck[]>,
): Promise<ReportedCheck[]> {
  try {
    return await check();
  } catch (error) {
    if (!isTerminalError(error) && !isRetryableError(error) && !isTimeout(error)) throw error;
    const finding = isTimeout(error) ? `${subject} did not answer within ${limitMs / 1000} s.` : messageOf(error);
    const remedy = isMissingPrivilege(error)
      ? 'Run "backstamp grant", which gives the application user what linking needs, then check again.'
      : 'Check DATAVERSE_URL and the network, then check again.';
    return [{ code, level: 'fault', subject, finding, remedy }];
  }
}

const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError';
