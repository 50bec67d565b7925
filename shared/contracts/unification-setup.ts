import { z } from 'zod';

/** A logical name as Dataverse has them: lower case, and safe as a session id and storage key. */
export const logicalNameSchema = z
  .string()
  .regex(/^[a-z_][a-z0-9_]{0,127}$/, 'must be a logical name: lower-case letters, digits and underscores');

export const sourceTableSchema = z.strictObject({
  /** Logical name of the Dataverse table, such as `contact`. */
  table: logicalNameSchema,
  /** Name of the data source in Customer Insights - Data. */
  dataSource: z.string().trim().min(1),
  /** Name of the table in Customer Insights - Data, which may differ from the logical name. */
  entity: z.string().trim().min(1),
  /** How Customer Insights ingests the table; only the two Dataverse connectors qualify. */
  connector: z.enum(['dataverse', 'powerQueryDataverse', 'other']),
  /** Primary key chosen in the unification step "Describe customer data". */
  primaryKey: z.string().trim().min(1),
  /** Root address of the Dataverse environment the table lives in, where it is not the linked one. */
  environmentUrl: z.url().optional(),
});
export type SourceTable = z.infer<typeof sourceTableSchema>;

export const businessUnitsSchema = z.strictObject({
  /** The teams that unification maps customers to, as step Business units of unification shows them: one per unit. */
  teams: z
    .array(
      z.strictObject({
        /** Name of the business unit in Dataverse. */
        businessUnit: z.string().trim().min(1),
        /** Name of the team in that unit. */
        team: z.string().trim().min(1),
        /** Values of the ownership column whose profiles the team owns; compared without regard to case. */
        values: z.array(z.string().trim().min(1)).min(1).optional(),
      }),
    )
    .optional(),
  /** Present where this app sees to the owners of profiles, activities, segment memberships and measures. */
  ownership: z
    .strictObject({
      /** Logical name of the profile's column that tells the unit. */
      column: logicalNameSchema,
      /** Rows of Customer Insights' other tables that do not belong to the root unit: counted, or given to it. Absent means `report`. */
      otherTables: z.enum(['report', 'correct']).optional(),
    })
    .optional(),
  /**
   * What becomes of rows whose profile belongs to another unit than they do: linked and reported, or left without a link
   * and reported. Absent means `link`.
   */
  acrossUnits: z.enum(['link', 'leaveUnlinked']).optional(),
});

/** Tables whose rows have owners that follow the business unit of their profile; the profiles themselves come first. */
export const ownedTables: readonly string[] = [
  'msdynci_customerprofile',
  'msdynci_unifiedactivity',
  'msdynci_segmentmembership',
  'msdynci_customermeasure',
];

/** What is wrong with the values that tell which team owns a profile. */
function ownershipIssues(units: z.infer<typeof businessUnitsSchema> | undefined) {
  const { ownership, teams = [] } = units ?? {};
  const issue = (path: (string | number)[], input: unknown, message: string) => ({
    code: 'custom' as const,
    input,
    path: ['businessUnits', ...path],
    message,
  });
  if (ownership !== undefined && teams.length === 0)
    return [issue(['ownership'], ownership, 'needs teams with their values; name them, or leave ownership out')];
  const owners = new Map<string, string>();
  return teams.flatMap(({ team, values }, index) => {
    const path = ['teams', index, 'values'];
    if (ownership === undefined && values !== undefined)
      return [issue(path, values, 'are for ownership alone; name ownership.column, or leave them out')];
    if (ownership !== undefined && values === undefined)
      return [issue(path, values, `are missing: which values of ${ownership.column} does ${team} own?`)];
    return (values ?? []).flatMap((value) => {
      const key = ownershipKey(value);
      const other = owners.get(key);
      owners.set(key, team);
      return other === undefined
        ? []
        : [issue(path, value, `${value} belongs to ${other} already; give each value to one team`)];
    });
  });
}

/** The form in which values of the ownership column are compared. */
export const ownershipKey = (value: string): string => value.trim().toLowerCase();

/** The unification set-up that decides which tables qualify; what Customer Insights has no API to tell. */
export const unificationSetupSchema = z
  .strictObject({
    environmentKind: z.enum(['individual', 'business']),
    output: z.enum(['dataverse', 'ownDataLake']),
    tables: z.array(sourceTableSchema).min(1),
    /** Present where Business unit data separation is on in Customer Insights - Data: then no unit learns of another's customers. */
    businessUnits: businessUnitsSchema.optional(),
  })
  .check((context) => {
    const seen = new Set<string>();
    context.value.tables.forEach(({ table }, index) => {
      if (seen.has(table)) {
        context.issues.push({
          code: 'custom',
          input: table,
          path: ['tables', index, 'table'],
          message: `${table} is named twice; name each table once`,
        });
      }
      seen.add(table);
      if (ownedTables.includes(table)) {
        context.issues.push({
          code: 'custom',
          input: table,
          path: ['tables', index, 'table'],
          message: `${table} is a table of Customer Insights itself, no source of it; leave it out`,
        });
      }
    });
    for (const issue of ownershipIssues(context.value.businessUnits)) context.issues.push(issue);
  });
export type UnificationSetup = z.infer<typeof unificationSetupSchema>;
