import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { CheckCode } from '../../shared/inspect/report.ts';
import type { LinkingCode } from '../../shared/linking/check-tables.ts';
import type { OwnershipCode } from '../../shared/ownership/findings.ts';

type File =
  | 'inspect'
  | 'inspect-surroundings'
  | 'inspect-ownership'
  | 'inspect-business-units'
  | 'requirements'
  | 'refusals';

type Code = CheckCode | LinkingCode | OwnershipCode | 'not-set-up';

/** Which end-to-end test of this folder provokes a finding. A code that there is and that is not here does not compile. */
const provokedBy: Readonly<Record<Code, File>> = {
  'other-environment': 'inspect',
  connector: 'inspect',
  'business-environment': 'inspect',
  'own-data-lake': 'inspect',
  'no-customer-insights': 'inspect',
  'table-missing': 'inspect',
  'primary-key': 'inspect',
  'virtual-table': 'inspect',
  'customer-insights-table': 'inspect',
  'platform-table': 'inspect',
  'no-new-columns': 'inspect',
  'column-in-the-way': 'inspect',
  'relationship-in-the-way': 'inspect',
  'column-refused': 'refusals',
  'column-secured': 'inspect-surroundings',
  'unlisted-table': 'inspect-surroundings',
  'table-not-linked': 'inspect-surroundings',
  'other-writer': 'inspect-surroundings',
  'profile-dependents': 'inspect-surroundings',
  'elastic-partition': 'inspect-surroundings',
  language: 'inspect-surroundings',
  journeys: 'inspect-surroundings',
  'not-in-unification': 'requirements',
  'not-set-up': 'requirements',
  'privilege-missing': 'requirements',
  'privilege-depth': 'requirements',
  unchecked: 'requirements',
  state: 'inspect',
  queues: 'inspect',
  dataverse: 'requirements',
  identity: 'inspect',
  requirements: 'inspect',
  'map-virtual': 'inspect',
  'change-tracking': 'inspect',
  'change-tracking-off': 'inspect',
  privileges: 'inspect',
  'privileges-unknown': 'inspect',
  logic: 'inspect',
  'logic-unknown': 'inspect',
  'fires-plug-in-step': 'inspect',
  'fires-workflow': 'inspect',
  'fires-flow': 'inspect',
  bypass: 'inspect',
  'bypass-privilege-missing': 'inspect',
  'act-for-others': 'inspect-business-units',
  'units-unknown': 'inspect-business-units',
  'modernised-units': 'inspect-business-units',
  'one-team-per-unit': 'inspect-business-units',
  'unit-missing': 'inspect-business-units',
  'unit-disabled': 'inspect-business-units',
  team: 'inspect-business-units',
  'team-missing': 'inspect-business-units',
  'team-kind': 'inspect-business-units',
  'team-role': 'inspect-business-units',
  'root-unit': 'inspect-ownership',
  'no-owners': 'inspect-ownership',
  'unit-column': 'inspect-ownership',
  'no-profile': 'inspect-ownership',
  'may-not-assign': 'inspect-ownership',
  'team-may-not-own': 'inspect-ownership',
  'rehearse-owners': 'inspect-ownership',
  'confirm-owners': 'inspect-ownership',
  owners: 'inspect-ownership',
};

describe('every finding', () => {
  it.each(Object.entries(provokedBy))('%s is provoked end to end, by %s', async (code, file) => {
    const text = await readFile(new URL(`./${file}.e2e.test.ts`, import.meta.url), 'utf8');
    // Its code stands there in quotes, or after the subject that it is found of.
    const quoted = new RegExp(`['\`](?:[^'\`]* )?${code}['\`]`);
    expect(text).toMatch(quoted);
  });
});
