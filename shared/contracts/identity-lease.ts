import { z } from 'zod';

/** What is known of one of the limits that Dataverse holds an identity to. */
const spendingSchema = z.object({
  /** What was spent in the last window, by how many seconds ago. */
  spent: z.array(z.tuple([z.number().nonnegative(), z.number().nonnegative()])),
  /** What the service permits one server in a window, as far as it told. */
  limit: z.number().positive(),
  /** Our count divided by the service's. */
  ratio: z.number().positive(),
  /** Where a refusal showed the end to be, as the service counts, and when to try more; absent where none did. */
  refused: z
    .object({
      ceiling: z.number().positive(),
      raiseInMs: z.number().nonnegative(),
      raiseAfterMs: z.number().positive(),
    })
    .optional(),
});
export type Spending = z.infer<typeof spendingSchema>;

/** All that the next process has to know of an identity before it sends in its name. */
export const identityLedgerSchema = z.object({
  requests: spendingSchema,
  executionMs: spendingSchema,
  /** For how long nothing may be sent, since the service asked for a pause. */
  pauseMs: z.number().nonnegative(),
});
export type IdentityLedger = z.infer<typeof identityLedgerSchema>;

/** Which process may send in an identity's name. */
export const identityLeaseSchema = z.object({
  /** The process; absent where it is nobody's turn. */
  holder: z.string().optional(),
  /** It knows that it is its turn, and tells so every few seconds. */
  isTaken: z.boolean(),
  /** Processes that wait for their turn, the next one first. */
  queue: z.array(z.string()),
  ledger: identityLedgerSchema.optional(),
  /** When the ledger was written, by its writer's clock. */
  at: z.iso.datetime(),
});
export type IdentityLease = z.infer<typeof identityLeaseSchema>;
