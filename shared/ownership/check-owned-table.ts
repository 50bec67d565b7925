import { profileTable } from '../customer-insights/names.ts';
import { ownerColumn } from '../customer-insights/owner-columns.ts';
import type { TableMetadata } from '../dataverse/dataverse.ts';
import type { OwnershipFinding } from './findings.ts';
import { customerIdColumn, isProfileTable } from './names.ts';
import type { ProfileReference } from './ownership-context.ts';

/** The columns by which a table's rows name their profile. */
export const referenceOf = ({ lookups, columns }: TableMetadata): ProfileReference => ({
  lookup: lookups.find(({ referencedTable }) => referencedTable === profileTable)?.column,
  hasCustomerId: columns.has(customerIdColumn),
});

/** Everything about the tables themselves that keeps their owners from being seen to. */
export function checkOwnedTable(
  name: string,
  table: TableMetadata | undefined,
  profile: TableMetadata | undefined,
  column: string,
): OwnershipFinding[] {
  if (table === undefined || profile === undefined) {
    return [
      {
        code: 'table-missing',
        finding: `The organisation has no table ${table === undefined ? name : profileTable}.`,
        remedy:
          'Nothing to do if Customer Insights does not write this table; else unify once, and check DATAVERSE_URL.',
      },
    ];
  }
  const findings: OwnershipFinding[] = [];
  if (table.tableType === 'Virtual' || !table.columns.has(ownerColumn)) {
    findings.push({
      code: 'no-owners',
      finding: `Rows of ${name} have no owners in Dataverse.`,
      remedy: 'Nothing can be done: only rows of standard and elastic tables are owned by teams.',
    });
  }
  if (!profile.columns.has(column)) {
    findings.push({
      code: 'unit-column',
      finding: `${profileTable} has no column ${column}, which is to tell the business unit.`,
      remedy: 'Name the column that step Business units of unification chose, by its logical name.',
    });
  }
  const { lookup, hasCustomerId } = referenceOf(table);
  if (!isProfileTable(name) && lookup === undefined && !hasCustomerId) {
    findings.push({
      code: 'no-profile',
      finding: `Rows of ${name} name neither a profile nor a CustomerId.`,
      remedy: `Leave ${name} out of the run.`,
    });
  }
  return findings;
}
