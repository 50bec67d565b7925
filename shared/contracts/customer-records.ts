import { z } from 'zod';

/** Id of a customer as unification gives it, usually 32 hexadecimal digits. */
export const customerIdSchema = z
  .string()
  .trim()
  .regex(/^[^\p{Cc}]{1,100}$/u, 'must be a CustomerId: up to 100 characters, none of them a control character');

/** A source row that the map counts to a customer. */
export const customerRecordSchema = z.object({
  mapRowId: z.string(),
  dataSource: z.string(),
  entity: z.string(),
  /** Logical name of its table; null where it is of a source that is not linked here, or its key is no id of a row. */
  table: z.string().nullable(),
  /** Its id, or its key in a source that is not linked here. */
  key: z.string(),
  /** The profile that the map row points at; null where it points at none. */
  profileId: z.string().nullable(),
});
export type CustomerRecord = z.infer<typeof customerRecordSchema>;

/** A table with two or more rows of one customer. */
export const tableWithSeveralSchema = z.object({ table: z.string(), rows: z.number().int() });

export const customerRecordsSchema = z.object({
  customerId: z.string(),
  /** In the order of their tables and keys. */
  records: z.array(customerRecordSchema),
  /** Tables that have two or more rows of this customer: one person, several rows. */
  tablesWithSeveral: z.array(tableWithSeveralSchema),
});
export type CustomerRecords = z.infer<typeof customerRecordsSchema>;
