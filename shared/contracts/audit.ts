import { z } from 'zod';
import { runIdSchema } from './link-task.ts';

/**
 * Who did something: a person or an application that App Service authentication knows, by Entra object id and name; or
 * whoever holds a function key. The Functions host does not tell the program which key it was.
 */
export const actorSchema = z.object({
  kind: z.enum(['person', 'application', 'key']),
  /** Entra object id. */
  id: z.string().optional(),
  name: z.string().optional(),
});
export type Actor = z.infer<typeof actorSchema>;

export const auditActionSchema = z.enum(['run', 'confirm', 'cancel', 'refresh', 'export']);
export type AuditAction = z.infer<typeof auditActionSchema>;

/** One thing that somebody did or asked for. */
export const auditEntrySchema = z.object({
  at: z.iso.datetime(),
  action: auditActionSchema,
  by: actorSchema,
  /** The run that it is about; absent for what is about none. */
  runId: runIdSchema.optional(),
  /** Tables that it is about; absent where it is about all. */
  tables: z.array(z.string()).optional(),
  /** What else was chosen, such as the mode of a run; for people. */
  detail: z.string().optional(),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

/** An actor in one line. */
export const actorText = ({ kind, id, name }: Actor): string =>
  kind === 'key' ? 'function key' : [name ?? kind, id === undefined ? '' : `(${id})`].filter(Boolean).join(' ');
