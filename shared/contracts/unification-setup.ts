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
      }),
    )
    .optional(),
  /**
   * What becomes of rows whose profile belongs to another unit than they do: linked and reported, or left without a link
   * and reported. Absent means `link`.
   */
  acrossUnits: z.enum(['link', 'leaveUnlinked']).optional(),
});

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
    });
  });
export type UnificationSetup = z.infer<typeof unificationSetupSchema>;
