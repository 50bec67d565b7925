import { setTimeout as sleep } from 'node:timers/promises';
import type { DoctorReport, Check as ReportedCheck } from '../contracts/doctor-report.ts';
import { isMissingPrivilege } from '../dataverse/service-failure.ts';
import { isRetryableError, isTerminalError, isTimeout, messageOf } from '../errors.ts';
import { timeOf } from '../runs/parts.ts';
import { checkBusinessUnits } from './check-business-units.ts';
import { checkIdentities, readIdentities, refusedIdentities } from './check-identities.ts';
import { checkLogic } from './check-logic.ts';
import { surroundings } from './check-surroundings.ts';
import type { InspectParts } from './inspect-parts.ts';
import { type Check, worstFirst } from './report.ts';

/** A part of the doctor that takes longer has met a service that does not answer, in milliseconds. */
const usualLimitMs = 45_000;
/** How long the other parts wait for what the first learns, which spares them the same questions, in milliseconds. */
const headStartMs = 3_000;

/** Doctors at work: who asks meanwhile is told what they find. */
const underWay = new WeakMap<InspectParts, Promise<DoctorReport>>();

/**
 * Checks everything that linking needs and changes nothing; each finding says what to do. Its parts go side by side, and
 * one that is refused or does not answer loses nothing of the others.
 * @param limitMs how long a part may take, in milliseconds
 */
export function callDoctor(parts: InspectParts, limitMs = usualLimitMs): Promise<DoctorReport> {
  const running = underWay.get(parts);
  if (running !== undefined) return running;
  const look = lookAtAll(parts, limitMs).finally(() => underWay.delete(parts));
  underWay.set(parts, look);
  return look;
}

async function lookAtAll(parts: InspectParts, limitMs: number): Promise<DoctorReport> {
  const { dataverse, options, bypass, clientIds } = parts;
  const { businessUnits, tables } = options.setup;
  parts.forgetPrivileges();
  const identities = readIdentities(parts, AbortSignal.timeout(limitMs));
  // Who could not be asked after is told of below.
  await Promise.race([
    identities.catch(() => undefined),
    sleep(Math.min(headStartMs, limitMs), undefined, { ref: false }),
  ]);
  const signal = AbortSignal.timeout(limitMs);
  /** What stops a part of the checks is a finding itself: a fault where it is about what linking takes. */
  const guarded = async (
    what: string,
    level: 'fault' | 'note',
    check: () => Promise<ReportedCheck[]>,
  ): Promise<ReportedCheck[]> => {
    try {
      return await check();
    } catch (error) {
      if (!isTerminalError(error) && !isRetryableError(error) && !isTimeout(error)) throw error;
      const reason = isTimeout(error) ? `Dataverse did not answer within ${limitMs / 1000} s.` : messageOf(error);
      const remedy = isMissingPrivilege(error)
        ? 'Run "backstamp grant", which gives the application user what linking needs, then check again.'
        : 'Check DATAVERSE_URL and the network, then check again.';
      const finding = `${what} could not be checked: ${reason}`;
      return [{ code: 'dataverse', level, subject: options.dataverseUrl, finding, remedy }];
    }
  };
  const found = await Promise.all([
    checkState(parts),
    checkQueues(parts),
    guarded('The identities', 'fault', () =>
      identities.then(
        (them) => checkIdentities(parts, them),
        (error: unknown) => {
          if (isMissingPrivilege(error) || !isTerminalError(error)) throw error;
          return refusedIdentities(clientIds, error.message);
        },
      ),
    ),
    ...parts.works.map((work) => guarded(`The tables of ${work.taskName}`, 'fault', () => work.check(signal))),
    guarded('Business units', 'note', async () =>
      businessUnits === undefined
        ? []
        : checkBusinessUnits(dataverse, businessUnits, await identitiesOf(identities), signal),
    ),
    guarded('What updates set off', 'note', () =>
      checkLogic(
        dataverse,
        tables.map(({ table }) => table),
        bypass,
        signal,
      ),
    ),
    ...surroundings.map(({ what, check }) => guarded(what, 'note', () => check(parts, signal))),
  ]);
  return { checkedAt: timeOf(parts.now()), checks: worstFirst(once(found.flat())) };
}

/** Who could not be asked after is told of by another part. */
const identitiesOf = async (identities: ReturnType<typeof readIdentities>) =>
  (await identities.catch(() => undefined))?.identities ?? [];

/** The same thing may be found in two ways. */
const once = (checks: readonly ReportedCheck[]): ReportedCheck[] => [
  ...new Map(checks.map((check) => [`${check.code} ${check.subject} ${check.finding}`, check])).values(),
];

async function checkState({ runs }: InspectParts): Promise<Check[]> {
  try {
    await runs.listRecent(1);
    return [{ code: 'state', level: 'good', subject: 'Table Storage', finding: 'The state can be read.' }];
  } catch (error) {
    return [
      {
        code: 'state',
        level: 'fault',
        subject: 'Table Storage',
        finding: `The state cannot be read: ${messageOf(error)}`,
        remedy: 'Check StateStorage and the identity\'s role "Storage Table Data Contributor".',
      },
    ];
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
